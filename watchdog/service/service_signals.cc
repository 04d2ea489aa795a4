#include "watchdog/service/service_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

namespace pyfault {
namespace {

// SIGUSR1 has no meaning here, but an accidental one must not end the service.
constexpr int kHeard[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2};
// Blocked, so write(2) fails with an error instead.
constexpr int kOfWriting[] = {SIGPIPE, SIGXFSZ};

}  // namespace

BlockedSignals::BlockedSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kHeard) sigaddset(&set, signal);
  reader_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!reader_) throw std::system_error(errno, std::generic_category(), "signalfd");
  for (const int signal : kOfWriting) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, &original_mask_);
}

ServiceSignals::ServiceSignals(boost::asio::io_context& io, UniqueFd reader, Actions actions)
    : actions_(std::move(actions)), readable_(io, std::move(reader), [this] { take(); }) {
  readable_.start();
}

// Reads all pending signals before acting on them: the kernel returns them by number, and a stop
// takes precedence over a restart.
void ServiceSignals::take() {
  std::set<int> pending;
  signalfd_siginfo signal{};
  while (::read(readable_.get(), &signal, sizeof signal) == sizeof signal) {
    pending.insert(static_cast<int>(signal.ssi_signo));
  }
  const auto is_told = [&](int each) { return listening_ && pending.contains(each); };
  if (is_told(SIGHUP)) actions_.reload();
  if (is_told(SIGTERM) || is_told(SIGINT) || is_told(SIGQUIT)) {
    actions_.stop();
  } else if (is_told(SIGUSR2)) {
    actions_.leave();
  }
  if (is_told(SIGCHLD)) actions_.children();
}

}  // namespace pyfault
