// One operator's connection: it receives requests and sends replies, one request at a time.
//
// It is bounded: requests by kMaxRequestBytes, unread output by has_room(), which code that sends
// much must check first. A connection without a request, or without a reader, costs only its
// memory.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "watchdog/control/reply.h"
#include "watchdog/control/request.h"
#include "watchdog/os/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

// Lives while it is connected and an operation is pending. Others hold it weakly; an expired
// session means that the operator is gone.
class ControlSession : public std::enable_shared_from_this<ControlSession> {
 public:
  // The request ends when Done or ErrorReply is sent to the session; until then no other request is
  // taken.
  using OnRequest = std::function<void(const std::shared_ptr<ControlSession>&, const Request&)>;

  ControlSession(boost::asio::io_context& io, UniqueFd connection, OnRequest on_request);
  ~ControlSession();
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  void start() { read(); }

  // An ErrorReply also ends the connection, once it is written.
  void send(const Reply& reply);

  // Whether the unread output is small enough to send more.
  bool has_room() const { return out_.size() + writing_.size() <= kEnough; }
  // Sets a callback for each time that all output has been written, until the request ends.
  void on_written(std::function<void()> callback) { on_written_ = std::move(callback); }

  // Whether it may be closed: it has no request, or does not read the reply.
  bool is_idle() const { return !busy_ || !writing_.empty(); }

  void close();

 private:
  struct Socket;

  static constexpr std::size_t kEnough = std::size_t{1} << 20;

  void read();
  void take_requests();
  void take(std::string_view line);
  void end_request();
  void write();
  void on_write();

  const std::unique_ptr<Socket> socket_;
  OnRequest on_request_;
  std::function<void()> on_written_;
  char part_[4096];
  std::string in_;
  std::string out_;  // follows what is being written
  std::string writing_;
  bool busy_ = false;    // a request is being handled
  bool ending_ = false;  // close once everything is written
};

}  // namespace pyfault
