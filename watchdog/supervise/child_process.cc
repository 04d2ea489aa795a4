#include "watchdog/supervise/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <thread>

#include "watchdog/os/pidfd.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/launch.h"

namespace pyfault {
namespace {

// Enough for a few system calls, with or without sanitizers.
constexpr std::size_t kLaunchStack = std::size_t{64} << 10;

[[noreturn]] void fail_to_start() {
  throw StartError(kExitOwnError,
                   "cannot start a process: " + std::generic_category().message(errno));
}

// A process remains a zombie for a moment before it is reaped.
constexpr int kMaxLooks = 20;
constexpr std::chrono::milliseconds kBetweenLooks{10};

// Close-on-exec; the read end is non-blocking.
struct ReportPipe {
  UniqueFd reader;
  UniqueFd writer;

  ReportPipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) fail_to_start();
    reader.reset(fds[0]);
    writer.reset(fds[1]);
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  }
};

// While SIGCHLD is ignored, the kernel discards the wait status of children.
bool stop_ignoring_sigchld() {
  return ::signal(SIGCHLD, SIG_DFL) == SIG_IGN;
}

std::string wanted_by(LaunchStep step, const SpawnPlan& plan) {
  switch (step) {
    case LaunchStep::kCgroup:
      return "a cgroup of its own";
    case LaunchStep::kSession:
      return "a session of its own";
    case LaunchStep::kStreams:
      return "its standard streams";
    case LaunchStep::kLimits:
      return "its limits";
    case LaunchStep::kIdentity:
      return "its user or group";
    case LaunchStep::kDirectory:
      return fmt::format("the directory '{}'", plan.directory);
    case LaunchStep::kNone:
    case LaunchStep::kFind:
    case LaunchStep::kExecute:
      break;
  }
  return "";
}

[[noreturn]] void fail(const SpawnPlan& plan, const LaunchReport& report) {
  if (report.failed == LaunchStep::kFind) fail_to_find(plan.command, report.found);
  const std::string reason = std::generic_category().message(report.error);
  if (report.failed != LaunchStep::kExecute) {
    throw StartError(kExitOwnError,
                     fmt::format("cannot run '{}' with {}: {}", plan.command.argv.front(),
                                 wanted_by(report.failed, plan), reason));
  }
  const std::string subject =
      fmt::format("cannot run '{}'", plan.program.candidates[report.found.candidate]);
  if (report.error == ENOENT) {
    // The file itself was found before, so its interpreter is missing.
    throw StartError(kExitNotFound, subject + ": the interpreter that it names was not found");
  }
  throw StartError(kExitCannotExecute, fmt::format("{}: {}", subject, reason));
}

int run_launch(void* launch) {
  return static_cast<Launch*>(launch)->run();
}

void await_readable(int fd) {
  pollfd readable{fd, POLLIN, 0};
  ::poll(&readable, 1, -1);
}

}  // namespace

// posix_spawn(3) would change the dispositions of signals 32 and 33, and cannot give the program an
// ignored SIGCHLD that this process does not ignore. The pidfd is created with the process, so
// nothing can fail once the process exists.
ChildProcess ChildProcess::begin(const SpawnPlan& plan) {
  return clone(plan, 0);
}

// Until the exec the child shares the memory of this process, as with vfork, and this process waits
// for the exec anyway. This avoids copying the page tables, which takes most of the time of a
// start.
ChildProcess ChildProcess::spawn(const SpawnPlan& plan) {
  ChildProcess child = clone(plan, CLONE_VM | CLONE_VFORK);
  child.await_launch(plan);
  return child;
}

ChildProcess ChildProcess::clone(const SpawnPlan& plan, int flags) {
  ReportPipe pipe;
  Launch launch(plan, stop_ignoring_sigchld(), pipe.writer.get());
  const auto stack = std::make_unique_for_overwrite<std::byte[]>(kLaunchStack);
  int pidfd = -1;
  const pid_t pid = ::clone(run_launch, stack.get() + kLaunchStack, flags | CLONE_PIDFD | SIGCHLD,
                            &launch, &pidfd);
  if (pid < 0) fail_to_start();
  ChildProcess child(pid, UniqueFd(pidfd));
  child.launch_ = std::move(pipe.reader);
  return child;
}

void ChildProcess::await_launch(const SpawnPlan& plan) {
  try {
    while (!hear_launch(plan)) await_readable(launch_.get());
  } catch (...) {
    ::waitpid(pid_, nullptr, 0);
    throw;
  }
}

bool ChildProcess::hear_launch(const SpawnPlan& plan) {
  for (;;) {
    LaunchReport report;
    const ssize_t size = ::read(launch_.get(), &report, sizeof report);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    if (size == 0) launch_.reset();
    if (size == 0) return true;
    if (report.failed != LaunchStep::kNone) fail(plan, report);
    program_ = {plan.program.candidates[report.found.candidate], report.file};
  }
}

// The status becomes available once the new parent of the process has reaped it.
ChildEnd ChildProcess::ask_kernel() const {
  ChildEnd end;
  auto status = wait_status_of(pidfd_.get());
  for (int look = 0; !status && pid_of(pidfd_.get()) != -1 && look < kMaxLooks; ++look) {
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
