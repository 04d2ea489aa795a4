#include "watchdog/os/descriptor_limit.h"

#include <fcntl.h>

#include <algorithm>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// The kernel always assigns the lowest free number.
bool descriptors_are_short() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t reserve = std::min<rlim_t>(kReservedDescriptors, limit.rlim_cur / 4);
  const UniqueFd next(::open("/", O_PATH | O_CLOEXEC));
  return !next || static_cast<rlim_t>(next.get()) >= limit.rlim_cur - reserve;
}

std::optional<rlimit> raise_descriptor_limit() {
  rlimit before{};
  if (::getrlimit(RLIMIT_NOFILE, &before) != 0) return std::nullopt;
  const rlimit raised{before.rlim_max, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &raised);
  return before;
}

}  // namespace pyfault
