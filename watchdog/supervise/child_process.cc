#include "watchdog/supervise/child_process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>
#include <thread>

#include "watchdog/os/pidfd.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr char kShell[] = "/bin/sh";

// Enough for a few system calls, sanitized or not.
constexpr std::size_t kLaunchStack = std::size_t{64} << 10;

[[noreturn]] void fail_to_start() {
  throw StartError(kExitOwnError,
                   "cannot start a process: " + std::generic_category().message(errno));
}

// A process is a zombie for a moment before it is reaped.
constexpr int kMostLooks = 20;
constexpr std::chrono::milliseconds kBetweenLooks{10};

// A list of words as execve(2) wants it; it points into `words`.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What can fail in the child.
enum class Step { kNone, kCgroup, kSession, kStreams, kLimits, kIdentity, kDirectory, kExecute };

struct Failure {
  Step step = Step::kNone;
  int error = 0;  // errno
};

// Closed by a successful execve, else it carries the failure.
struct ErrorPipe {
  UniqueFd reader;
  UniqueFd writer;

  ErrorPipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) fail_to_start();
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }

  Failure receive() {
    writer.reset();
    Failure failure;
    while (::read(reader.get(), &failure, sizeof failure) < 0 && errno == EINTR) {
    }
    return failure;
  }
};

struct Launch {
  const SpawnPlan* plan;
  char* const* argv;
  char* const* environment;
  bool sigchld_ignored;
  int error_fd;
  pid_t parent;
};

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

// By system calls: libc's functions would tell threads of it that are not in this process.
bool take_identity(const Identity& identity) {
  const auto& [uid, gid, groups] = identity;
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0 &&
         ::syscall(SYS_setresgid, gid, gid, gid) == 0 &&
         ::syscall(SYS_setresuid, uid, uid, uid) == 0;
}

// Before the program runs: whatever it starts is born there.
bool enter_cgroup(int procs) {
  return procs < 0 || ::write(procs, "0", 1) == 1;
}

// The directory comes last: it must be the user's to enter. Root's limits may be raised only
// before.
Step prepare(const SpawnPlan& plan) {
  if (!enter_cgroup(plan.cgroup_procs)) return Step::kCgroup;
  if (plan.own_session && ::setsid() < 0) return Step::kSession;
  if (!take_streams(plan.streams)) return Step::kStreams;
  if (!take_limits(plan)) return Step::kLimits;
  if (plan.umask) ::umask(*plan.umask);
  if (plan.identity && !take_identity(*plan.identity)) return Step::kIdentity;
  if (!plan.directory.empty() && ::chdir(plan.directory.c_str()) != 0) return Step::kDirectory;
  return Step::kNone;
}

// A change of the user or group would undo it. We may have died before: nobody would tell it then.
bool tie_to(pid_t parent) {
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

// Runs in the child. Other threads may hold locks in the memory that was copied, so it only makes
// system calls.
int execute(void* argument) {
  const auto& launch = *static_cast<const Launch*>(argument);
  if (launch.sigchld_ignored) ::signal(SIGCHLD, SIG_IGN);
  Failure failure{prepare(*launch.plan), 0};
  if (launch.plan->dies_with_us && !tie_to(launch.parent)) ::_exit(kExitNotFound);
  if (failure.step == Step::kNone) {
    ::sigprocmask(SIG_SETMASK, &launch.plan->signal_mask, nullptr);
    ::execve(launch.plan->path.c_str(), launch.argv, launch.environment);
    failure.step = Step::kExecute;
  }
  failure.error = errno;
  [[maybe_unused]] const ssize_t ignored = ::write(launch.error_fd, &failure, sizeof failure);
  ::_exit(kExitNotFound);
}

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;
  Failure failure;  // of whatever step; then there is no process
};

// posix_spawn(3) would change the dispositions of signals 32 and 33, and can't give the program an
// ignored SIGCHLD that we don't have. The pidfd comes with the process, so that nothing can fail
// once there is one.
Spawned try_spawn(const SpawnPlan& plan, bool sigchld_ignored) {
  const std::vector<char*> argv = pointers_to(plan.argv);
  const std::vector<char*> environment = pointers_to(plan.environment);
  ErrorPipe error;
  Launch launch{&plan,           argv.data(),        environment.data(),
                sigchld_ignored, error.writer.get(), ::getpid()};
  alignas(16) std::array<std::byte, kLaunchStack> stack;
  int pidfd = -1;
  const pid_t pid =
      ::clone(execute, stack.data() + stack.size(), CLONE_PIDFD | SIGCHLD, &launch, &pidfd);
  if (pid < 0) fail_to_start();
  Spawned spawned{pid, UniqueFd(pidfd), error.receive()};
  if (spawned.failure.error != 0) ::waitpid(pid, nullptr, 0);
  return spawned;
}

// The kernel would throw away the wait status of a child of ours.
bool stop_ignoring_sigchld() {
  return ::signal(SIGCHLD, SIG_DFL) == SIG_IGN;
}

// A shell would make nonsense of a binary, so only text is given to it.
bool looks_like_text(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  std::array<char, 256> start{};
  const ssize_t size = ::read(fd.get(), start.data(), start.size());
  return size >= 0 && std::find(start.begin(), start.begin() + size, '\0') == start.begin() + size;
}

SpawnPlan through_shell(const SpawnPlan& plan) {
  SpawnPlan shell = plan;
  shell.argv = {kShell, plan.path};
  shell.argv.insert(shell.argv.end(), plan.argv.begin() + 1, plan.argv.end());
  shell.path = kShell;
  return shell;
}

std::string wanted_by(Step step, const SpawnPlan& plan) {
  switch (step) {
    case Step::kCgroup:
      return "a cgroup of its own";
    case Step::kSession:
      return "a session of its own";
    case Step::kStreams:
      return "its standard streams";
    case Step::kLimits:
      return "its limits";
    case Step::kIdentity:
      return "its user or group";
    case Step::kDirectory:
      return "the directory '" + plan.directory + "'";
    case Step::kNone:
    case Step::kExecute:
      break;
  }
  return "";
}

[[noreturn]] void fail_to_execute(const SpawnPlan& plan, const Failure& failure) {
  const std::string subject = "cannot run '" + plan.path + "'";
  const std::string reason = std::generic_category().message(failure.error);
  if (failure.step != Step::kExecute) {
    throw StartError(kExitOwnError,
                     subject + " with " + wanted_by(failure.step, plan) + ": " + reason);
  }
  if (failure.error == ENOENT) {
    // The file itself was found before.
    throw StartError(kExitNotFound, subject + ": the interpreter that it names was not found");
  }
  throw StartError(kExitCannotExecute, subject + ": " + reason);
}

}  // namespace

ChildProcess ChildProcess::spawn(const SpawnPlan& plan) {
  const bool sigchld_ignored = stop_ignoring_sigchld();
  Spawned child = try_spawn(plan, sigchld_ignored);
  if (child.failure.error == ENOEXEC && looks_like_text(plan.path)) {
    child = try_spawn(through_shell(plan), sigchld_ignored);
  }
  if (child.failure.error != 0) fail_to_execute(plan, child.failure);
  return {child.pid, std::move(child.pidfd)};
}

// The status is to be had once its new parent has reaped it.
ChildEnd ChildProcess::ask_kernel() const {
  ChildEnd end;
  auto status = wait_status_of(pidfd_.get());
  for (int look = 0; !status && pid_of(pidfd_.get()) != -1 && look < kMostLooks; ++look) {
    std::this_thread::sleep_for(kBetweenLooks);
    status = wait_status_of(pidfd_.get());
  }
  end.is_known = status.has_value();
  end.wait_status = status.value_or(0);
  return end;
}

ChildEnd ChildProcess::reap() {
  if (adopted_) return ask_kernel();
  ChildEnd end;
  while (::wait4(pid_, &end.wait_status, 0, &end.usage.emplace()) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "wait4");
  }
  return end;
}

}  // namespace pyfault
