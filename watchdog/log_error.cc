#include "watchdog/log_error.h"

#include <poll.h>
#include <unistd.h>

#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

bool stderr_takes_more() {
  pollfd poll_fd{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

}  // namespace

void log_error(std::string_view message) noexcept try {
  const std::string line = "pyfault-watchdog: " + escape_text(message) + "\n";
  if (!stderr_takes_more()) return;
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
} catch (...) {
}

}  // namespace pyfault
