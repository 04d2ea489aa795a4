#include "watchdog/ingest/debug_downloads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <utility>

#include "watchdog/log_error.h"
#include "watchdog/os/environment.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/command.h"
#include "watchdog/symbolize/debug_files.h"

namespace pyfault {
namespace {

// More build-ids than the programs of a machine have: beyond that, some may be asked for again.
constexpr std::size_t kMaxRemembered = 4096;

// Calls the client, which takes one build-id, for each of several.
constexpr char kForEach[] = "client=$1; shift; for id; do \"$client\" debuginfo \"$id\"; done";

// The client needs PATH, proxies and certificates as this process has them.
std::vector<std::string> environment_for(const std::vector<std::string>& servers,
                                         const std::string& directory) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("DEBUGINFOD_")) environment.emplace_back(*entry);
  }
  environment.push_back(fmt::format("DEBUGINFOD_URLS={}", fmt::join(servers, " ")));
  environment.push_back("DEBUGINFOD_CACHE_PATH=" + directory);
  return environment;
}

// Throws StartError.
ChildProcess start_in_background(std::vector<std::string> argv,
                                 std::vector<std::string> environment) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Command command{std::move(argv), "", false};
  ProgramSearch search = search_for(command);
  SpawnPlan plan{std::move(command), std::move(search), std::move(environment), {}};
  sigemptyset(&plan.signal_mask);
  plan.own_session = true;
  plan.streams = {null.get(), null.get(), null.get()};
  return ChildProcess::spawn(plan);
}

}  // namespace

DebugDownloads::DebugDownloads(std::string directory, std::string program)
    : directory_(std::move(directory)), program_(std::move(program)) {}

void DebugDownloads::use(std::vector<std::string> servers) {
  const std::lock_guard lock(mutex_);
  if (servers_ != servers) asked_.clear();
  servers_ = std::move(servers);
}

std::string DebugDownloads::directory() const {
  const std::lock_guard lock(mutex_);
  return servers_.empty() ? std::string() : directory_;
}

void DebugDownloads::fetch(const std::vector<std::string>& build_ids) {
  const std::lock_guard lock(mutex_);
  if (servers_.empty() || directory_.empty() || is_busy()) return;
  std::vector<std::string> wanted;
  for (const std::string& build_id : build_ids) {
    if (is_build_id(build_id) && is_new(build_id)) wanted.push_back(build_id);
  }
  if (!wanted.empty()) start(wanted);
}

void DebugDownloads::start(const std::vector<std::string>& build_ids) {
  try {
    std::vector<std::string> argv = {"/bin/sh", "-c", kForEach, "sh",
                                     locate({{program_}, "", false})};
    argv.insert(argv.end(), build_ids.begin(), build_ids.end());
    client_ = start_in_background(std::move(argv), environment_for(servers_, directory_));
    begun_ = Clock::now();
  } catch (const StartError& error) {
    if (std::exchange(has_failed_, true)) return;
    log_error(fmt::format(
        "no debug information is fetched: {}; Debian's package debuginfod has this program",
        error.what()));
  }
}

// A client that hangs is ended.
bool DebugDownloads::is_busy() {
  if (!client_) return false;
  if (Clock::now() - begun_ > kLongest) ::kill(-client_->pid(), SIGKILL);
  // This process may reap its orphans elsewhere, and have reaped this one already.
  siginfo_t how{};
  const int reaped =
      ::waitid(P_PIDFD, static_cast<id_t>(client_->pidfd()), &how, WEXITED | WNOHANG);
  if (reaped == 0 && how.si_pid == 0) return true;
  client_.reset();
  return false;
}

bool DebugDownloads::is_new(const std::string& build_id) {
  const auto now = Clock::now();
  if (asked_.size() == kMaxRemembered) asked_.clear();
  const auto [place, is_first] = asked_.try_emplace(build_id, now);
  if (!is_first && now - place->second < kTryAgain) return false;
  place->second = now;
  return true;
}

std::string debug_download_directory() {
  constexpr std::pair<const char*, std::string_view> kPlaces[] = {
      {"CACHE_DIRECTORY", "/debuginfod"},
      {"DEBUGINFOD_CACHE_PATH", ""},
      {"XDG_CACHE_HOME", "/debuginfod_client"},
      {"HOME", "/.cache/debuginfod_client"}};
  for (const auto& [variable, below] : kPlaces) {
    const std::string_view base = environment_variable(variable);
    if (base.starts_with('/')) return std::string(base).append(below);
  }
  return {};
}

}  // namespace pyfault
