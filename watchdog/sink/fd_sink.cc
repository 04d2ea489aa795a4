#include "watchdog/sink/fd_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>

namespace pyfault {
namespace {

// The descriptor may be non-blocking and shared with the program, so it is left as it is.
void wait_until_writable(int fd) {
  pollfd poll_fd{fd, POLLOUT, 0};
  ::poll(&poll_fd, 1, -1);
}

struct Written {
  std::size_t size = 0;
  int error = 0;  // 0 when all of it is written
};

// Stops at an error that won't go away by waiting for room.
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

// Removes the last `size` bytes, which we have just appended, unless somebody has appended more.
bool take_back(int fd, std::size_t size) {
  struct stat status {};
  const off_t end = ::lseek(fd, 0, SEEK_CUR);
  return (::fcntl(fd, F_GETFL) & O_APPEND) != 0 && ::fstat(fd, &status) == 0 &&
         S_ISREG(status.st_mode) && status.st_size == end &&
         ::ftruncate(fd, end - static_cast<off_t>(size)) == 0;
}

}  // namespace

FdSink::FdSink(LogFile file, LogNotices notices)
    : file_(std::move(file)), notices_(std::move(notices)) {}

void FdSink::sink_it_(const spdlog::details::log_msg& message) {
  flush_();
  if (write_report({message.payload.data(), message.payload.size()})) ++settled_;
}

void FdSink::flush_() {
  const std::uint64_t lost = lost_;
  if (lost == 0) return;
  const std::string loss = notices_.lost(lost);
  if (loss.empty() || !write_report(loss)) return;
  lost_ -= lost;
  settled_ += lost;
}

bool FdSink::tell_late(std::uint64_t count) {
  const std::string notice = notices_.late(count);
  return notice.empty() || write_report(notice);
}

bool FdSink::follow_name() {
  const int before = file_.get();
  error_ = file_.follow_name();
  if (file_.get() != before) mid_line_ = false;  // another file, on another descriptor
  return error_ == 0;
}

bool FdSink::write_report(std::string_view report) {
  if (!follow_name()) return false;
  std::string text;
  if (mid_line_) text += '\n';
  text += report;
  const Written done = write_all(file_.get(), text);
  error_ = done.error;
  if (done.size > 0 && (error_ == 0 || !take_back(file_.get(), done.size))) mid_line_ = error_ != 0;
  return error_ == 0;
}

}  // namespace pyfault
