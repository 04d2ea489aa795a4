#include "watchdog/os/pidfd.h"

#include <sys/ioctl.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxFdInfo = 4096;

// The kernel's struct pidfd_info (linux/pidfd.h), as far as it was in 6.13.
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
  constexpr std::string_view kKey = "\nPid:\t";
  const std::string info =
      read_file("/proc/self/fdinfo/" + std::to_string(fd), kMaxFdInfo).value_or("");
  const std::size_t at = info.find(kKey);
  int pid = 0;
  if (at != info.npos) {
    std::from_chars(info.data() + at + kKey.size(), info.data() + info.size(), pid);
  }
  return pid;
}

std::optional<int> wait_status_of(int pidfd) {
  PidfdInfo info{};
  info.mask = kExit;
  if (::ioctl(pidfd, kGetInfo, &info) != 0 || (info.mask & kExit) == 0) return std::nullopt;
  return info.exit_code;
}

}  // namespace pyfault
