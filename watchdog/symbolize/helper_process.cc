#include "watchdog/symbolize/helper_process.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "watchdog/os/poll_until.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/supervise/command.h"

namespace pyfault {
namespace {

// A process that was killed takes a moment to end.
constexpr std::chrono::milliseconds kMomentToBeKilled{200};

ChildProcess start(std::vector<std::string> argv, std::array<int, 3> streams) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int& stream : streams) {
    if (stream < 0) stream = null.get();
  }
  Command command{std::move(argv), "", false};
  ProgramSearch search = search_for(command);
  SpawnPlan plan{std::move(command), std::move(search), {}, {}};
  sigemptyset(&plan.signal_mask);
  for (const int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGHUP}) {
    sigaddset(&plan.signal_mask, signal);
  }
  plan.streams = streams;
  return ChildProcess::spawn(plan);
}

}  // namespace

HelperProcess::HelperProcess(std::vector<std::string> argv, std::array<int, 3> streams)
    : process_(start(std::move(argv), streams)) {}

siginfo_t HelperProcess::end(Clock::time_point limit) {
  siginfo_t how{};
  if (std::exchange(has_ended_, true)) return how;
  if (!is_readable_before(process_.pidfd(), limit)) {
    ::syscall(SYS_pidfd_send_signal, process_.pidfd(), SIGKILL, nullptr, 0);
    is_readable_before(process_.pidfd(), Clock::now() + kMomentToBeKilled);
  }
  // This process may reap its orphans elsewhere, and have reaped this one already.
  ::waitid(P_PIDFD, static_cast<id_t>(process_.pidfd()), &how, WEXITED | WNOHANG);
  return how;
}

}  // namespace pyfault
