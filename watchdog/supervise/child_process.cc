#include "watchdog/supervise/child_process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

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

// A list of words as execve(2) wants it; it points into `words`.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Closed by a successful execve, else it carries the errno.
struct ErrorPipe {
  UniqueFd reader;
  UniqueFd writer;

  ErrorPipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) fail_to_start();
    reader.reset(fds[0]);
    writer.reset(fds[1]);
  }

  int receive() {
    writer.reset();
    int error = 0;
    while (::read(reader.get(), &error, sizeof error) < 0 && errno == EINTR) {
    }
    return error;
  }
};

struct Launch {
  const char* path;
  char* const* argv;
  char* const* environment;
  const sigset_t* signal_mask;
  bool sigchld_ignored;
  int error_fd;
};

// Runs in the child. Other threads may hold locks in the memory that was copied, so it only makes
// system calls.
int execute(void* argument) {
  const auto& launch = *static_cast<const Launch*>(argument);
  if (launch.sigchld_ignored) ::signal(SIGCHLD, SIG_IGN);
  ::sigprocmask(SIG_SETMASK, launch.signal_mask, nullptr);
  ::execve(launch.path, launch.argv, launch.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t ignored = ::write(launch.error_fd, &error, sizeof error);
  ::_exit(kExitNotFound);
}

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;
  int error = 0;  // errno of execve; then there is no process
};

// posix_spawn(3) would change the dispositions of signals 32 and 33, and can't give the program an
// ignored SIGCHLD that we don't have. The pidfd comes with the process, so that nothing can fail
// once there is one.
Spawned try_spawn(const SpawnPlan& plan, bool sigchld_ignored) {
  const std::vector<char*> argv = pointers_to(plan.argv);
  const std::vector<char*> environment = pointers_to(plan.environment);
  ErrorPipe error;
  Launch launch{plan.path.c_str(), argv.data(),     environment.data(),
                &plan.signal_mask, sigchld_ignored, error.writer.get()};
  alignas(16) std::array<std::byte, kLaunchStack> stack;
  int pidfd = -1;
  const pid_t pid =
      ::clone(execute, stack.data() + stack.size(), CLONE_PIDFD | SIGCHLD, &launch, &pidfd);
  if (pid < 0) fail_to_start();
  Spawned spawned{pid, UniqueFd(pidfd), error.receive()};
  if (spawned.error != 0) ::waitpid(pid, nullptr, 0);
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

[[noreturn]] void fail_to_execute(const SpawnPlan& plan, int error) {
  const std::string subject = "cannot run '" + plan.path + "': ";
  if (error == ENOENT) {
    // The file itself was found before.
    throw StartError(kExitNotFound, subject + "the interpreter that it names was not found");
  }
  throw StartError(kExitCannotExecute, subject + std::generic_category().message(error));
}

}  // namespace

ChildProcess ChildProcess::spawn(const SpawnPlan& plan) {
  const bool sigchld_ignored = stop_ignoring_sigchld();
  Spawned child = try_spawn(plan, sigchld_ignored);
  if (child.error == ENOEXEC && looks_like_text(plan.path)) {
    child = try_spawn(through_shell(plan), sigchld_ignored);
  }
  if (child.error != 0) fail_to_execute(plan, child.error);
  return {child.pid, std::move(child.pidfd)};
}

ChildEnd ChildProcess::reap() {
  ChildEnd end{};
  while (::wait4(pid_, &end.wait_status, 0, &end.usage) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "wait4");
  }
  return end;
}

}  // namespace pyfault
