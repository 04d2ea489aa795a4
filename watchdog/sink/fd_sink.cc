#include "watchdog/sink/fd_sink.h"

#include <poll.h>

#include <cerrno>

namespace pyfault {
namespace {

// The descriptor may be non-blocking and shared with the program, so it is left as it is.
void wait_until_writable(int fd) {
  pollfd poll_fd{fd, POLLOUT, 0};
  ::poll(&poll_fd, 1, -1);
}

// How much of the text went out: all of it, or less after an error that won't go away by waiting.
std::size_t write_all(int fd, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (written < 0 && errno == EAGAIN) {
      wait_until_writable(fd);
    } else if (written == 0 || errno != EINTR) {
      break;
    }
  }
  return done;
}

}  // namespace

FdSink::FdSink(UniqueFd fd, DescribeLoss describe_loss)
    : fd_(std::move(fd)), describe_loss_(std::move(describe_loss)) {}

void FdSink::sink_it_(const spdlog::details::log_msg& message) {
  flush_();
  if (write_report({message.payload.data(), message.payload.size()})) {
    ++settled_;
  } else {
    ++lost_;
  }
}

void FdSink::flush_() {
  const std::uint64_t lost = lost_;
  if (lost == 0) return;
  const std::string loss = describe_loss_(lost);
  if (loss.empty() || !write_report(loss)) return;
  lost_ -= lost;
  settled_ += lost;
}

bool FdSink::write_report(std::string_view report) {
  std::string text;
  if (mid_line_) text += '\n';
  text += report;
  const std::size_t done = write_all(fd_.get(), text);
  if (done > 0) mid_line_ = done < text.size();
  return done == text.size();
}

}  // namespace pyfault
