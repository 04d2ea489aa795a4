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

// Whoever watches one of them reads from the zombie how it ended, and has until then.
void OrphanReaper::on_death() {
  signalfd_siginfo signal{};
  while (::read(deaths_->get(), &signal, sizeof signal) == sizeof signal) continue;
  moment_.start(kMomentForOthers, [this] { reap(); });
}

// One signal may stand for many deaths. Once the program has ended it is the first to be named, and
// we are to end too.
void OrphanReaper::reap() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (ended.si_pid == 0 || ended.si_pid == program_) return;
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace pyfault
