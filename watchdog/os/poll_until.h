// Waiting for descriptors until a point in time.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdint>

namespace pyfault {

// A timeout for poll(2). Rounded up, so that the limit has passed when poll() has waited for it.
inline int milliseconds_until(std::chrono::steady_clock::time_point limit) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(limit - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

// Blocks. An error of the descriptor makes it readable.
inline bool is_readable_before(int fd, std::chrono::steady_clock::time_point limit) {
  pollfd poll_fd{fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, milliseconds_until(limit)) == 1;
}

}  // namespace pyfault
