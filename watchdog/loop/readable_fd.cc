#include "watchdog/loop/readable_fd.h"

#include <poll.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

namespace pyfault {

using boost::asio::posix::stream_descriptor;

// Shared with the pending wait, which outlives the owner if the callback destroys it.
struct ReadableFd::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, int fd, std::function<void()> callback)
      : descriptor(io, fd), on_readable(std::move(callback)) {}

  void wait() {
    waiting = true;
    descriptor.async_wait(stream_descriptor::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                            const auto self = weak.lock();
                            if (!self || error == boost::asio::error::operation_aborted) return;
                            // The callback would never run again; that must not go unnoticed.
                            if (error) throw boost::system::system_error(error, "async_wait");
                            self->readable();
                          });
  }

  void readable() {
    waiting = false;
    if (running && is_readable()) on_readable();
    if (running && !waiting) wait();
  }

  // Asio may attribute an event to this descriptor that belonged to one closed in the same turn,
  // whose number has been reused. If the descriptor limit is 0, poll(2) fails; then the event is
  // trusted.
  bool is_readable() {
    pollfd one{descriptor.native_handle(), POLLIN, 0};
    return ::poll(&one, 1, 0) != 0;
  }

  stream_descriptor descriptor;
  std::function<void()> on_readable;
  bool running = false;
  bool waiting = false;
};

ReadableFd::ReadableFd(boost::asio::io_context& io, UniqueFd fd, std::function<void()> on_readable)
    : state_(std::make_shared<State>(io, fd.get(), std::move(on_readable))) {
  fd.release();
}

ReadableFd::~ReadableFd() {
  if (!state_) return;
  state_->running = false;
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
}

void ReadableFd::start() {
  state_->running = true;
  if (!state_->waiting) state_->wait();
}

void ReadableFd::stop() {
  state_->running = false;
}

int ReadableFd::get() const {
  return state_->descriptor.native_handle();
}

}  // namespace pyfault
