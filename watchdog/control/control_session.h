// One operator's connection: requests in, replies out, one request at a time.
//
// Bounded: a request by kMaxRequestBytes; what waits to be read by has_room(), which whoever sends
// much must ask first. Without a request, or without a reader, it costs its memory and nothing
// else.
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

// Lives as long as it is connected and something is under way; all others hold it weakly, and take
// an expired one for somebody who no longer wants to know.
class ControlSession : public std::enable_shared_from_this<ControlSession> {
 public:
  // The request is done once the session was sent Done or Refusal; until then no other is taken.
  using OnRequest = std::function<void(const std::shared_ptr<ControlSession>&, const Request&)>;

  ControlSession(boost::asio::io_context& io, UniqueFd connection, OnRequest on_request);
  ~ControlSession();
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  void start() { read(); }

  // A Refusal ends the connection too, once it is written.
  void send(const Reply& reply);

  // Whether so little waits to be read that more may be sent.
  bool has_room() const { return out_.size() + writing_.size() <= kEnough; }
  // Called each time when all that was sent is written, until the request is done.
  void on_written(std::function<void()> callback) { on_written_ = std::move(callback); }

  // Nobody would miss it: it asks for nothing, or does not take the answer.
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
  std::string out_;  // waits for what is being written
  std::string writing_;
  bool busy_ = false;    // with a request
  bool ending_ = false;  // closed once everything is written
};

}  // namespace pyfault
