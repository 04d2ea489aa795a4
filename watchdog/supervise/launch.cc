#include "watchdog/supervise/launch.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "watchdog/os/scheduling.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr char kShell[] = "/bin/sh";

// A list of words in the form that execve(2) wants. Points into `words`.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

bool take_streams(const std::array<int, 3>& streams) {
  for (int stream = 0; stream < static_cast<int>(streams.size()); ++stream) {
    const int fd = streams[static_cast<std::size_t>(stream)];
    if (fd >= 0 && ::dup2(fd, stream) < 0) return false;
  }
  return true;
}

bool take_limits(const SpawnPlan& plan) {
  for (const auto& [resource, limit] : plan.limits) {
    if (::syscall(SYS_prlimit64, 0, resource, &limit, nullptr) != 0) return false;
  }
  return true;
}

// Direct system calls, because the C library's functions would signal threads that are not in this
// process.
bool take_identity(const Identity& identity) {
  const auto& [uid, gid, groups] = identity;
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0 &&
         ::syscall(SYS_setresgid, gid, gid, gid) == 0 &&
         ::syscall(SYS_setresuid, uid, uid, uid) == 0;
}

// Called before the program runs, so that all its children start in the cgroup.
bool enter_cgroup(int procs) {
  return procs < 0 || ::write(procs, "0", 1) == 1;
}

// The order matters: the directory comes last, because the user must be allowed to enter it, and
// the limits precede the identity, because only root may raise them.
LaunchStep take_all(const SpawnPlan& plan) {
  if (!enter_cgroup(plan.cgroup_procs)) return LaunchStep::kCgroup;
  if (plan.own_session && ::setsid() < 0) return LaunchStep::kSession;
  if (!take_streams(plan.streams)) return LaunchStep::kStreams;
  if (!take_limits(plan)) return LaunchStep::kLimits;
  if (plan.umask) ::umask(*plan.umask);
  if (plan.identity && !take_identity(*plan.identity)) return LaunchStep::kIdentity;
  if (!plan.directory.empty() && ::chdir(plan.directory.c_str()) != 0) {
    return LaunchStep::kDirectory;
  }
  return LaunchStep::kNone;
}

// Called after a change of user or group, which would undo it. If the parent has died before, no
// signal would come, so that is checked too.
bool tie_to(pid_t parent) {
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

// Only text is passed to the shell, which would misinterpret a binary.
bool looks_like_text(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  std::array<char, 256> start{};
  const ssize_t size = ::read(fd.get(), start.data(), start.size());
  return size >= 0 && std::find(start.begin(), start.begin() + size, '\0') == start.begin() + size;
}

void say(int fd, const LaunchReport& report) {
  [[maybe_unused]] const ssize_t ignored = ::write(fd, &report, sizeof report);
}

}  // namespace

Launch::Launch(const SpawnPlan& plan, bool sigchld_ignored, int report_fd)
    : plan_(plan),
      argv_(pointers_to(plan.command.argv)),
      shell_argv_(argv_),
      environment_(pointers_to(plan.environment)),
      sigchld_ignored_(sigchld_ignored),
      report_fd_(report_fd),
      parent_(::getpid()) {
  shell_argv_.insert(shell_argv_.begin(), const_cast<char*>(kShell));
}

LaunchReport Launch::prepare() {
  LaunchReport report;
  report.failed = take_all(plan_);
  report.error = report.failed == LaunchStep::kNone ? 0 : errno;
  if (report.error != 0) return report;
  report.found = look_for(plan_.program);
  const bool is_there = report.found.error == 0 && report.found.script_error == 0;
  if (!is_there) report.failed = LaunchStep::kFind;
  if (is_there) {
    report.file = examine_program(plan_.program.candidates[report.found.candidate].c_str());
  }
  return report;
}

void Launch::execute(const char* path) {
  ::sigprocmask(SIG_SETMASK, &plan_.signal_mask, nullptr);
  ::execve(path, argv_.data(), environment_.data());
  if (errno != ENOEXEC) return;
  if (!looks_like_text(path)) {
    errno = ENOEXEC;
    return;
  }
  shell_argv_[1] = const_cast<char*>(path);
  ::execve(kShell, shell_argv_.data(), environment_.data());
}

int Launch::run() {
  if (sigchld_ignored_) ::signal(SIGCHLD, SIG_IGN);
  restore_scheduling();
  LaunchReport report = prepare();
  if (plan_.dies_with_us && !tie_to(parent_)) ::_exit(kExitNotFound);
  say(report_fd_, report);
  if (report.failed == LaunchStep::kNone) {
    execute(plan_.program.candidates[report.found.candidate].c_str());
    report.failed = LaunchStep::kExecute;
    report.error = errno;
    say(report_fd_, report);
  }
  ::_exit(kExitNotFound);
}

}  // namespace pyfault
