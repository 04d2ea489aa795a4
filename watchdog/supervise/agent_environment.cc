#include "watchdog/supervise/agent_environment.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "shared/handshake.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr std::string_view kPreloadVariable = "LD_PRELOAD";

// The value, where `entry` is "name=value".
std::optional<std::string_view> value_of(std::string_view entry, std::string_view name) {
  if (!entry.starts_with(name) || entry.substr(name.size(), 1) != "=") return std::nullopt;
  return entry.substr(name.size() + 1);
}

}  // namespace

std::string find_agent() {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  std::string agent = self.parent_path().parent_path() / PYFAULT_AGENT;
  if (::access(agent.c_str(), R_OK) != 0) {
    throw StartError(kExitOwnError, "the agent is missing: '" + agent +
                                        "' cannot be read; install " + "pyfault-watchdog again");
  }
  if (agent.find_first_of(": ") != std::string::npos) {
    throw StartError(kExitOwnError,
                     "the agent '" + agent +
                         "' cannot be loaded: LD_PRELOAD allows no "
                         "colon or space in a path; install pyfault-watchdog elsewhere");
  }
  return agent;
}

std::vector<std::string> watched_environment(const char* const* environment,
                                             const std::string& agent, const std::string& socket) {
  std::vector<std::string> watched;
  std::string preload = agent;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (const auto earlier = value_of(entry, kPreloadVariable)) {
      if (!earlier->empty()) preload.append(":").append(*earlier);
    } else if (!value_of(entry, kSocketVariable)) {
      watched.emplace_back(entry);
    }
  }
  watched.push_back(std::string(kPreloadVariable) + "=" + preload);
  watched.push_back(std::string(kSocketVariable) + "=" + socket);
  return watched;
}

}  // namespace pyfault
