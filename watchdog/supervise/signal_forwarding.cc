#include "watchdog/supervise/signal_forwarding.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace pyfault {
namespace {

constexpr int kForwarded[] = {SIGTERM, SIGHUP,    SIGINT,  SIGQUIT, SIGUSR1,   SIGUSR2, SIGWINCH,
                              SIGALRM, SIGVTALRM, SIGPROF, SIGIO,   SIGSTKFLT, SIGPWR};
constexpr int kFromTerminal[] = {SIGINT, SIGQUIT, SIGHUP, SIGWINCH};
// What our own writes can bring about: to be an error of write(2), and not our end.
constexpr int kOfWriting[] = {SIGPIPE, SIGXFSZ};

sigset_t forwarded_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kForwarded) sigaddset(&set, signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&set, signal);
  return set;
}

std::optional<signalfd_siginfo> next_signal(int fd) {
  signalfd_siginfo signal{};
  if (::read(fd, &signal, sizeof signal) != sizeof signal) return std::nullopt;
  return signal;
}

void send(int pidfd, int signal) {
  ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

}  // namespace

SignalForwarding::SignalForwarding() {
  const sigset_t forwarded = forwarded_set();
  fd_ = UniqueFd(::signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
  sigset_t blocked = forwarded;
  for (const int signal : kOfWriting) sigaddset(&blocked, signal);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &original_mask_);
}

void SignalForwarding::keep_early() {
  while (const auto signal = next_signal(fd()))
    early_.push_back(static_cast<int>(signal->ssi_signo));
}

void SignalForwarding::forward(int pidfd, pid_t program) {
  for (const int signal : std::exchange(early_, {})) send(pidfd, signal);
  const bool session_leader = ::getsid(0) == ::getpid();
  while (const auto signal = next_signal(fd())) {
    if (is_programs_already(*signal, program, session_leader)) continue;
    send(pidfd, static_cast<int>(signal->ssi_signo));
  }
}

bool SignalForwarding::take_request_to_end() {
  constexpr std::uint32_t kRequests[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
  bool asked = false;
  while (const auto signal = next_signal(fd())) {
    asked |= std::ranges::find(kRequests, signal->ssi_signo) != std::end(kRequests);
  }
  return asked;
}

bool is_programs_already(const signalfd_siginfo& signal, pid_t program, bool session_leader) {
  if (signal.ssi_code != SI_KERNEL) return static_cast<pid_t>(signal.ssi_pid) == program;
  const int number = static_cast<int>(signal.ssi_signo);
  const bool from_terminal = std::ranges::find(kFromTerminal, number) != std::end(kFromTerminal);
  // The terminal signals the whole foreground process group, but tells only the session's leader
  // that it hung up. Nobody else has a timer (SIGALRM) that was set before we were started.
  return from_terminal && !(number == SIGHUP && session_leader);
}

}  // namespace pyfault
