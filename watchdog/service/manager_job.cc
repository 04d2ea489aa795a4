#include "watchdog/service/manager_job.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <sstream>

#include "watchdog/os/read_file.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxText = std::size_t{1} << 20;
constexpr std::string_view kService = ".service";

std::string read_until(int fd, Clock::time_point deadline) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd one{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&one, 1, static_cast<int>(left.count())) != 1) return "";
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size <= 0 || text.size() > kMaxText) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

// systemd's own tool asks it over D-Bus, or over its private socket where there is no bus. One that
// hangs is killed.
std::string list_jobs(std::chrono::milliseconds limit) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "";
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::array<std::string, 4> words{"systemctl", "list-jobs", "--no-legend", "--plain"};
  std::array<char*, 5> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, "systemctl", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return "";
  writer.reset();
  std::string jobs = read_until(reader.get(), Clock::now() + limit);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return jobs;
}

}  // namespace

std::string unit_of(std::string_view cgroups) {
  std::string unit;
  while (!cgroups.empty()) {
    const std::size_t end = std::min(cgroups.find_first_of("/\n"), cgroups.size());
    if (const auto part = cgroups.substr(0, end); part.ends_with(kService)) unit = part;
    cgroups.remove_prefix(std::min(end + 1, cgroups.size()));
  }
  return unit;
}

bool has_restart_job(std::string_view jobs, std::string_view unit) {
  std::istringstream lines{std::string(jobs)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, name, type;
    if (words >> number >> name >> type && name == unit && type == "restart") return true;
  }
  return false;
}

bool restart_is_under_way(std::chrono::milliseconds limit) {
  const std::string unit = unit_of(read_file("/proc/self/cgroup", kMaxText).value_or(""));
  return !unit.empty() && has_restart_job(list_jobs(limit), unit);
}

}  // namespace pyfault
