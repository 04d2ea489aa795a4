#include "watchdog/orphan_reaper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace pyfault {
namespace {

constexpr std::chrono::milliseconds kMomentForOthers{100};

bool inherits_orphans() {
  int subreaper = 0;
  return ::getpid() == 1 || (::prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0 && subreaper != 0);
}

UniqueFd deaths_of_children() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

OrphanReaper::OrphanReaper(boost::asio::io_context& io, pid_t program)
    : program_(program), moment_(io) {
  UniqueFd deaths = inherits_orphans() ? deaths_of_children() : UniqueFd();
  if (!deaths) return;
  deaths_.emplace(io, std::move(deaths), [this] { on_death(); });
  deaths_->start();
}

// Reaping is delayed, because other parts of the watchdog read from the zombie how it ended.
void OrphanReaper::on_death() {
  signalfd_siginfo signal{};
  while (::read(deaths_->get(), &signal, sizeof signal) == sizeof signal) continue;
  moment_.start(kMomentForOthers, [this] { reap(); });
}

// One SIGCHLD may stand for many deaths. Stops when waitid(2) returns the program: it has ended, so
// the watchdog is about to end too.
void OrphanReaper::reap() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (ended.si_pid == 0 || ended.si_pid == program_) return;
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace pyfault
