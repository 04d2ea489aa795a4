#include "watchdog/supervise/agent_environment.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "shared/handshake.h"
#include "watchdog/os/path_trust.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr std::string_view kPreloadVariable = "LD_PRELOAD";

// Returns the value if `entry` is "name=value".
std::optional<std::string_view> value_of_variable(std::string_view entry, std::string_view name) {
  if (!entry.starts_with(name) || entry.substr(name.size(), 1) != "=") return std::nullopt;
  return entry.substr(name.size() + 1);
}

// LD_PRELOAD has no quoting for its separators, nor for the dollar sign of $LIB and the like.
bool can_be_preloaded(const std::string& path) {
  return path.find_first_of(": $") == std::string::npos;
}

// Only places where no other user can create files: what is preloaded from there runs as this user.
// Not /tmp, where a cleaner may remove the link and let another user take its name.
std::vector<std::string> places_for_alias() {
  if (::geteuid() == 0) return {"/run/pyfault-watchdog-agent"};  // RuntimeDirectory= gets removed
  std::vector<std::string> places;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR")) {
    places.push_back(std::string(runtime) + "/pyfault-watchdog");
  }
  if (const char* home = std::getenv("HOME")) {
    places.push_back(std::string(home) + "/.cache/pyfault-watchdog");
  }
  return places;
}

bool is_ours_alone(const std::string& directory) {
  constexpr mode_t kForUs = 0700;
  constexpr mode_t kForAllToRead = 0755;
  ::mkdir(std::filesystem::path(directory).parent_path().c_str(), kForUs);
  ::mkdir(directory.c_str(), kForAllToRead);
  const PathTrust trust = trust_in(directory + "/link");
  return !trust.owner && !trust.is_shared && can_be_preloaded(directory);
}

// The runtimes of GCC and clang: libasan.so.8, libclang_rt.tsan-x86_64.so.
bool is_sanitizer_runtime(std::string_view path) {
  constexpr std::string_view kPrefixes[] = {
      "libasan.",          "libtsan.",         "libubsan.",          "liblsan.",
      "libhwasan.",        "libmsan.",         "libclang_rt.asan",   "libclang_rt.tsan",
      "libclang_rt.ubsan", "libclang_rt.lsan", "libclang_rt.hwasan", "libclang_rt.msan"};
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  return std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

// The names in `earlier` are separated by colons or spaces.
std::string preload_list(const std::string& agent, std::string_view earlier) {
  std::string first;
  std::string rest;
  while (!earlier.empty()) {
    const std::string_view name = earlier.substr(0, earlier.find_first_of(": "));
    earlier.remove_prefix(std::min(name.size() + 1, earlier.size()));
    if (name.empty()) continue;
    if (is_sanitizer_runtime(name)) {
      first.append(name).append(":");
    } else {
      rest.append(":").append(name);
    }
  }
  return first + agent + rest;
}

// Returns a link to the agent without such characters in its path. There is one per installation;
// it is never removed, because programs that outlive the watchdog may start others.
std::string alias_of(const std::string& agent) {
  const std::string name = fmt::format("{}-{}", std::hash<std::string>()(agent),
                                       std::filesystem::path(agent).filename().string());
  for (const std::string& directory : places_for_alias()) {
    if (!is_ours_alone(directory)) continue;
    std::string link = fmt::format("{}/{}", directory, name);
    std::error_code unreadable;
    if (::symlink(agent.c_str(), link.c_str()) == 0 ||
        std::filesystem::read_symlink(link, unreadable) == agent) {
      return link;
    }
  }
  throw StartError(
      kExitOwnError,
      fmt::format(
          "the agent '{}' cannot be loaded: LD_PRELOAD allows no colon, space or dollar sign in a "
          "path, and there is no place of our own for a link to it (/run of root; "
          "$XDG_RUNTIME_DIR or ~/.cache of others); install pyfault-watchdog elsewhere",
          agent));
}

}  // namespace

std::string find_agent() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  std::string agent = self.parent_path().parent_path() / PYFAULT_AGENT;
  if (::access(agent.c_str(), R_OK) != 0) {
    throw StartError(
        kExitOwnError,
        fmt::format("the agent is missing: '{}' cannot be read; install pyfault-watchdog again",
                    agent));
  }
  return can_be_preloaded(agent) ? agent : alias_of(agent);
}

std::vector<std::string> watched_environment(const char* const* environment,
                                             const std::string& agent, const std::string& socket) {
  std::vector<std::string> watched;
  std::string preload = agent;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (const auto earlier = value_of_variable(entry, kPreloadVariable)) {
      preload = preload_list(agent, *earlier);
    } else if (!value_of_variable(entry, kSocketVariable)) {
      watched.emplace_back(entry);
    }
  }
  watched.push_back(fmt::format("{}={}", kPreloadVariable, preload));
  watched.push_back(fmt::format("{}={}", kSocketVariable, socket));
  return watched;
}

}  // namespace pyfault
