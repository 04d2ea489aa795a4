#include "watchdog/sink/fd_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

// The descriptor may be non-blocking and shared with the program, so its flags must not be changed.
void wait_until_writable(int fd) {
  pollfd poll_fd{fd, POLLOUT, 0};
  ::poll(&poll_fd, 1, -1);
}

struct Written {
  std::size_t size = 0;
  int error = 0;  // 0 if everything was written
};

// Waits while the descriptor is full (EAGAIN), and stops at any other error.
Written write_all(int fd, std::string_view text) {
  Written done;
  while (done.size < text.size()) {
    const ssize_t written = ::write(fd, text.data() + done.size, text.size() - done.size);
    if (written > 0) {
      done.size += static_cast<std::size_t>(written);
    } else if (written < 0 && errno == EAGAIN) {
      wait_until_writable(fd);
    } else if (written == 0 || errno != EINTR) {
      done.error = written == 0 ? ENOSPC : errno;
      break;
    }
  }
  return done;
}

// Removes the last `size` bytes, which were just appended, unless another process has appended
// more.
bool take_back(int fd, std::size_t size) {
  struct stat status {};
  const off_t end = ::lseek(fd, 0, SEEK_CUR);
  return (::fcntl(fd, F_GETFL) & O_APPEND) != 0 && ::fstat(fd, &status) == 0 &&
         S_ISREG(status.st_mode) && status.st_size == end &&
         ::ftruncate(fd, end - static_cast<off_t>(size)) == 0;
}

// Whether the file ends in an incomplete line, as after a watchdog that was killed while writing.
bool ends_mid_line(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return false;
  const UniqueFd readable(
      ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDONLY | O_CLOEXEC));
  char last = '\n';
  return ::pread(readable.get(), &last, 1, status.st_size - 1) == 1 && last != '\n';
}

}  // namespace

FdSink::FdSink(ReopeningFile file)
    : file_(std::move(file)), mid_line_(ends_mid_line(file_.get())) {}

int FdSink::write(std::string_view report) {
  if (const int error = follow_name(); error != 0) return error;
  std::string text;
  if (mid_line_) text += '\n';
  text += report;
  const Written done = write_all(file_.get(), text);
  if (done.size > 0 && (done.error == 0 || !take_back(file_.get(), done.size))) {
    mid_line_ = done.error != 0;
  }
  return done.error;
}

int FdSink::follow_name() {
  const int before = file_.get();
  const int error = file_.follow_name();
  if (file_.get() != before) mid_line_ = false;  // another descriptor means another file
  return error;
}

}  // namespace pyfault
