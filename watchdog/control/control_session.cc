#include "watchdog/control/control_session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace pyfault {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using Stream = asio::local::stream_protocol;

struct ControlSession::Socket : Stream::socket {
  using Stream::socket::socket;
};

ControlSession::ControlSession(asio::io_context& io, UniqueFd connection, OnRequest on_request)
    : socket_(std::make_unique<Socket>(io, Stream(), connection.get())),
      on_request_(std::move(on_request)) {
  connection.release();
}

ControlSession::~ControlSession() = default;

// Reads even while busy, in order to notice that the peer has disconnected.
void ControlSession::read() {
  socket_->async_read_some(asio::buffer(part_),
                           [self = shared_from_this()](Error error, std::size_t size) {
                             if (error) return self->close();
                             if (self->ending_) return;
                             self->in_.append(self->part_, size);
                             self->take_requests();
                             if (self->socket_->is_open() && !self->ending_) self->read();
                           });
}

void ControlSession::take_requests() {
  while (!busy_ && !ending_ && has_room()) {
    const std::size_t end = in_.find('\n');
    if (end == in_.npos) break;
    const std::string line = in_.substr(0, end);
    in_.erase(0, end + 1);
    take(line);
  }
  if (in_.size() > kMaxRequestBytes && !ending_) {
    send(ErrorReply{"a request is at most 64 KiB, and the next one comes after the reply"});
  }
}

void ControlSession::take(std::string_view line) {
  const auto parsed = parse_request(line);
  if (const auto* bad = std::get_if<BadRequest>(&parsed)) return send(ErrorReply{bad->message});
  busy_ = true;
  on_request_(shared_from_this(), std::get<Request>(parsed));
}

void ControlSession::send(const Reply& reply) {
  if (ending_ || !socket_->is_open()) return;
  out_ += reply_line(reply);
  ending_ = std::holds_alternative<ErrorReply>(reply);
  if (ending_ || std::holds_alternative<Done>(reply)) end_request();
  if (writing_.empty()) write();
}

// Input that has arrived in the meantime is taken from the loop, not within the request that ends
// here.
void ControlSession::end_request() {
  busy_ = false;
  on_written_ = nullptr;
}

void ControlSession::write() {
  writing_ = std::exchange(out_, {});
  asio::async_write(*socket_, asio::buffer(writing_),
                    [self = shared_from_this()](Error error, std::size_t) {
                      if (error) return self->close();
                      self->on_write();
                    });
}

void ControlSession::on_write() {
  writing_.clear();
  if (!out_.empty()) return write();
  if (ending_) return close();
  // A copy, because the callback may replace itself.
  if (const auto callback = on_written_) callback();
  take_requests();
}

void ControlSession::close() {
  ending_ = true;
  busy_ = false;
  on_written_ = nullptr;
  Error ignored;
  socket_->close(ignored);
}

}  // namespace pyfault
