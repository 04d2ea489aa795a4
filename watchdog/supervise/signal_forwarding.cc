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

constexpr int kFromTerminal[] = {SIGINT, SIGQUIT, SIGHUP, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU};
constexpr int kStopping[] = {SIGTSTP, SIGTTIN, SIGTTOU};
// Signals that the watchdog's own writes can cause.
constexpr int kOfWriting[] = {SIGPIPE, SIGXFSZ};

template <std::size_t kCount>
bool is_one_of(const int (&signals)[kCount], int signal) {
  return std::ranges::find(signals, signal) != std::end(signals);
}

// SIGKILL and SIGSTOP cannot be blocked.
sigset_t forwarded_set() {
  sigset_t set;
  sigfillset(&set);
  sigdelset(&set, SIGCHLD);
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

// Performs the default action of the signal, which is blocked.
void stop_by(int signal) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
}

}  // namespace

SignalForwarding::SignalForwarding() {
  const sigset_t forwarded = forwarded_set();
  fd_ = UniqueFd(::signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &original_mask_);
}

void SignalForwarding::keep_early() {
  while (const auto signal = next_signal(fd())) {
    if (addressee_of(*signal, 0, ::getpid(), false) != Addressee::kUs) {
      early_.push_back(static_cast<int>(signal->ssi_signo));
    }
  }
}

void SignalForwarding::forward(int pidfd, pid_t program) {
  for (const int signal : std::exchange(early_, {})) send(pidfd, signal);
  const bool session_leader = ::getsid(0) == ::getpid();
  while (const auto signal = next_signal(fd())) {
    const int number = static_cast<int>(signal->ssi_signo);
    switch (addressee_of(*signal, program, ::getpid(), session_leader)) {
      case Addressee::kProgram:
        send(pidfd, number);
        break;
      case Addressee::kBoth:
        if (is_one_of(kStopping, number)) stop_by(number);
        break;
      case Addressee::kUs:
        break;
    }
  }
}

bool SignalForwarding::take_request_to_end() {
  constexpr int kRequests[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
  bool asked = false;
  while (const auto signal = next_signal(fd())) {
    asked |= is_one_of(kRequests, static_cast<int>(signal->ssi_signo));
  }
  return asked;
}

Addressee addressee_of(const signalfd_siginfo& signal, pid_t program, pid_t own,
                       bool session_leader) {
  const int number = static_cast<int>(signal.ssi_signo);
  const auto sender = static_cast<pid_t>(signal.ssi_pid);
  // For these the kernel gives the writer's pid. SIGXCPU for the watchdog's own CPU time has no
  // sender.
  if (is_one_of(kOfWriting, number) && sender == own) return Addressee::kUs;
  if (number == SIGXCPU && signal.ssi_code == SI_KERNEL) return Addressee::kUs;
  if (signal.ssi_code != SI_KERNEL) {
    return program != 0 && sender == program ? Addressee::kBoth : Addressee::kProgram;
  }
  // The terminal signals the whole foreground process group, but reports a hangup only to the
  // session leader. Other signals from the kernel are forwarded: a SIGALRM stems from a timer set
  // before the watchdog was executed, which the program does not have.
  const bool reached_program =
      is_one_of(kFromTerminal, number) && !(number == SIGHUP && session_leader);
  return reached_program ? Addressee::kBoth : Addressee::kProgram;
}

}  // namespace pyfault
