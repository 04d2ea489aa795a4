#include "watchdog/service/dump_request.h"

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "watchdog/os/pidfd.h"
#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxStatusBytes = std::size_t{64} << 10;

// "SigCgt:\t0000000180014002": signal n is bit n - 1.
bool catches(int pid, int signal) {
  const std::string status =
      read_file("/proc/" + std::to_string(pid) + "/status", kMaxStatusBytes).value_or("");
  std::string_view set = value_of(status, "SigCgt:");
  const auto caught = take_number<std::uint64_t>(set, 16).value_or(0);
  return (caught >> (signal - 1) & 1) != 0;
}

}  // namespace

bool ask_for_dump(int pid, int signal) {
  if (signal == 0) return false;
  const UniqueFd pidfd = open_pidfd(pid);
  return pidfd && catches(pid, signal) &&
         ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

}  // namespace pyfault
