#include "watchdog/supervise/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "watchdog/os/pidfd.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr char kShell[] = "/bin/sh";

// glibc keeps signals 32 and 33 to itself: its posix_spawn starts programs with them ignored, and
// its sigaddset and sigaction refuse them. Those that are not ignored in us, the program gets as it
// would have got them from execve alone.
sigset_t reserved_signals_at_default() {
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } action{};
  sigset_t at_default;
  sigemptyset(&at_default);
  for (const int signal : {32, 33}) {
    ::syscall(SYS_rt_sigaction, signal, nullptr, &action, sizeof action.mask);
    if (action.handler != reinterpret_cast<void*>(SIG_IGN)) {
      at_default.__val[0] |= 1UL << (signal - 1);
    }
  }
  return at_default;
}

class SpawnAttributes {
 public:
  explicit SpawnAttributes(const sigset_t& signal_mask) {
    const sigset_t at_default = reserved_signals_at_default();
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &signal_mask);
    posix_spawnattr_setsigdefault(&attributes_, &at_default);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The errno of exec, or 0 and the pid.
int try_spawn(const SpawnPlan& plan, pid_t& pid) {
  const SpawnAttributes attributes(plan.signal_mask);
  return ::posix_spawn(&pid, plan.path.c_str(), nullptr, attributes.get(),
                       pointers_to(plan.argv).data(), pointers_to(plan.environment).data());
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

[[noreturn]] void fail(const SpawnPlan& plan, int error) {
  const std::string subject = "cannot run '" + plan.path + "': ";
  const std::string reason = std::generic_category().message(error);
  if (error == ENOENT) {
    // The file itself was found before.
    throw StartError(kExitNotFound, subject + "the interpreter that it names was not found");
  }
  if (error == EAGAIN || error == ENOMEM) throw StartError(kExitOwnError, subject + reason);
  throw StartError(kExitCannotExecute, subject + reason);
}

// Afterwards opening a pidfd can't fail for want of the system call or of a free descriptor, when
// the program already runs.
void check_pidfd() {
  if (open_pidfd(::getpid())) return;
  throw StartError(kExitOwnError,
                   "pidfd_open does not work here: " + std::generic_category().message(errno) +
                       " (Linux 5.3 or later is needed)");
}

}  // namespace

ChildProcess ChildProcess::spawn(const SpawnPlan& plan) {
  check_pidfd();
  pid_t pid = 0;
  int error = try_spawn(plan, pid);
  if (error == ENOEXEC && looks_like_text(plan.path)) error = try_spawn(through_shell(plan), pid);
  if (error != 0) fail(plan, error);
  // The program has inherited it if SIGCHLD was ignored; we would lose its wait status.
  ::signal(SIGCHLD, SIG_DFL);
  return {pid, open_pidfd(pid)};
}

ChildEnd ChildProcess::reap() {
  ChildEnd end{};
  while (::wait4(pid_, &end.wait_status, 0, &end.usage) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "wait4");
  }
  return end;
}

}  // namespace pyfault
