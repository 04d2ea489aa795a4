#include "watchdog/supervise/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

// open(2) gives the lowest number that is free.
int open_null() {
  return ::open("/dev/null", O_RDWR | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

void fill_closed_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (!is_open(fd) && open_null() < 0) return;
  }
}

void release_stdin_and_stdout() {
  const UniqueFd null(open_null());
  if (!null) return;
  ::dup3(null.get(), STDIN_FILENO, O_CLOEXEC);
  ::dup3(null.get(), STDOUT_FILENO, O_CLOEXEC);
}

}  // namespace pyfault
