#include "watchdog/supervise/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

// open(2) returns the lowest free number.
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

std::vector<int> inherited_descriptors() {
  std::vector<int> inherited;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", unreadable)) {
    const std::string name = entry.path().filename();
    int fd = 0;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    if (fd > STDERR_FILENO) inherited.push_back(fd);
  }
  // Removes the descriptor of the listing itself.
  std::erase_if(inherited, [](int fd) { return !is_open(fd); });
  return inherited;
}

void release_program_descriptors(const std::vector<int>& inherited) {
  for (const int fd : inherited) ::close(fd);
  const UniqueFd null(open_null());
  if (!null) return;
  ::dup3(null.get(), STDIN_FILENO, O_CLOEXEC);
  ::dup3(null.get(), STDOUT_FILENO, O_CLOEXEC);
}

void release_stderr() {
  const UniqueFd null(open_null());
  if (null) ::dup3(null.get(), STDERR_FILENO, O_CLOEXEC);
}

}  // namespace pyfault
