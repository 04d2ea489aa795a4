#include "watchdog/os/pidfd.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxFdInfo = 4096;

// The kernel's struct pidfd_info (linux/pidfd.h), with the fields of its first version (6.13).
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t ids[11];
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);

constexpr std::uint64_t kExit = 1 << 3;  // PIDFD_INFO_EXIT
constexpr unsigned long kGetInfo = _IOWR(0xff, 11, PidfdInfo);

}  // namespace

int pid_of(int fd) {
  const std::string info =
      read_file(fmt::format("/proc/self/fdinfo/{}", fd), kMaxFdInfo).value_or("");
  std::string_view pid = value_of(info, "Pid:");
  return take_number<int>(pid).value_or(0);
}

std::optional<int> wait_status_of(int pidfd) {
  PidfdInfo info{};
  info.mask = kExit;
  if (::ioctl(pidfd, kGetInfo, &info) != 0 || (info.mask & kExit) == 0) return std::nullopt;
  return info.exit_code;
}

}  // namespace pyfault
