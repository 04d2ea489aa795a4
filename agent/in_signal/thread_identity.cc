#include "agent/in_signal/thread_identity.h"

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {

int own_pid() {
  const int pid = sys_getpid();
  return pid > 0 ? pid : sealed_state.agent.owner->load();
}

int own_tid() {
  const std::uint16_t place = sealed_state.agent.python.pthread_tid;
  int tid = sys_gettid();
  if (tid <= 0 && place != kAbsent) guarded_read(thread_pointer() + place, tid);
  return tid > 0 ? tid : own_pid();
}

ThreadIdentity own_identity() {
  return {own_pid(), own_tid(), thread_pointer()};
}

}  // namespace pyfault
