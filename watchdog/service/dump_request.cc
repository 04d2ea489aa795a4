#include "watchdog/service/dump_request.h"

#include <unistd.h>

#include "watchdog/enrich/process_info.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {
namespace {

bool catches(int pid, int signal) {
  return (caught_signals(pid).value_or(0) >> (signal - 1) & 1) != 0;
}

}  // namespace

bool ask_for_dump(int pid, int signal) {
  if (signal == 0) return false;
  const UniqueFd pidfd = open_pidfd(pid);
  return pidfd && catches(pid, signal) &&
         ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

}  // namespace pyfault
