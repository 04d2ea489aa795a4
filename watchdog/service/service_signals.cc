#include "watchdog/service/service_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace pyfault {
namespace {

// USR1 means nothing to us, and must not end us by a slip.
constexpr int kHeard[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2};
// To be errors of write(2).
constexpr int kOfWriting[] = {SIGPIPE, SIGXFSZ};

}  // namespace

ServiceSignals::ServiceSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kHeard) sigaddset(&set, signal);
  fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
  for (const int signal : kOfWriting) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, &original_mask_);
}

void ServiceSignals::listen(boost::asio::io_context& io, Actions actions) {
  actions_ = std::move(actions);
  listening_ = true;
  readable_ = std::make_unique<ReadableFd>(io, std::move(fd_), [this] { take(); });
  readable_->start();
}

void ServiceSignals::take() {
  signalfd_siginfo signal{};
  while (listening_ && ::read(readable_->get(), &signal, sizeof signal) == sizeof signal) {
    switch (signal.ssi_signo) {
      case SIGTERM:
      case SIGINT:
      case SIGQUIT:
        actions_.stop();
        break;
      case SIGUSR2:
        actions_.leave();
        break;
      case SIGHUP:
        actions_.reload();
        break;
      case SIGCHLD:
        actions_.children();
        break;
      default:
        break;
    }
  }
}

}  // namespace pyfault
