#include "watchdog/os/thread_user.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pyfault {
namespace {

// glibc's own function changes all threads.
bool set_effective_user(uid_t user) {
  constexpr auto kAsItIs = static_cast<uid_t>(-1);
  return ::syscall(SYS_setresuid, kAsItIs, user, kAsItIs) == 0;
}

}  // namespace

ThreadUser::ThreadUser(uid_t user)
    : before_(::geteuid()), dumpable_(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) {
  set_effective_user(user);
}

// A change of user makes the kernel write no more core dumps of the process.
ThreadUser::~ThreadUser() {
  set_effective_user(before_);
  if (dumpable_ == 1) ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

}  // namespace pyfault
