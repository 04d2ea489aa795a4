#include "watchdog/ingest/debug_downloads.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <memory>
#include <string_view>
#include <utility>

#include "watchdog/log_error.h"
#include "watchdog/os/environment.h"
#include "watchdog/start_error.h"
#include "watchdog/symbolize/debug_files.h"
#include "watchdog/symbolize/helper_process.h"

namespace pyfault {
namespace {

// More build-ids than a machine's programs have: beyond that, some may be asked for again.
constexpr std::size_t kMaxRemembered = 4096;
// A client that takes too long is killed, which takes a moment.
constexpr std::chrono::seconds kMomentToEnd{10};

// The client needs PATH, proxies and certificates as this process has them.
std::vector<std::string> environment_for(const std::string& servers, const std::string& directory) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("DEBUGINFOD_")) environment.emplace_back(*entry);
  }
  environment.push_back("DEBUGINFOD_URLS=" + servers);
  environment.push_back("DEBUGINFOD_CACHE_PATH=" + directory);
  return environment;
}

// Returns why it could not be run; empty: it was.
std::string run_client(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment) {
  try {
    HelperProcess client(argv, {-1, -1, -1}, environment);
    client.end(HelperProcess::Clock::now() + DebugDownloads::kTimeForFile);
    return {};
  } catch (const StartError& error) {
    return fmt::format("no debug information is fetched: {}; Debian's package debuginfod has it",
                       error.what());
  }
}

}  // namespace

DebugDownloads::DebugDownloads(boost::asio::io_context& io, std::string directory,
                               std::string program)
    : directory_(std::move(directory)),
      program_(std::move(program)),
      process_(::getpid()),
      entrance_(io),
      background_(io, kTimeForFile + kMomentToEnd) {}

void DebugDownloads::use(std::vector<std::string> servers) {
  if (servers_ != servers) asked_.clear();
  servers_ = std::move(servers);
}

void DebugDownloads::fetch(const std::string& build_id) {
  if (process_ != ::getpid() || directory_.empty() || !is_build_id(build_id)) return;
  if (servers_.empty() || waiting_ == kMaxWaiting || !is_new(build_id)) return;
  auto trouble = std::make_shared<std::string>();
  const bool begun = background_.begin(
      [trouble, argv = std::vector<std::string>{program_, "debuginfo", build_id},
       environment = environment_for(fmt::format("{}", fmt::join(servers_, " ")), directory_)] {
        *trouble = run_client(argv, environment);
      },
      [this, trouble](bool done) {
        --waiting_;
        if (!done || trouble->empty()) return;
        if (!std::exchange(has_failed_, true)) log_error(*trouble);
      });
  if (begun) ++waiting_;
}

std::function<void(std::vector<std::string>)> DebugDownloads::fetcher() {
  return [this, post = entrance_.poster()](std::vector<std::string> build_ids) {
    post([this, build_ids = std::move(build_ids)] {
      for (const std::string& build_id : build_ids) fetch(build_id);
    });
  };
}

bool DebugDownloads::is_new(const std::string& build_id) {
  const auto now = std::chrono::steady_clock::now();
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
