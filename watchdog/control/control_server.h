// All connections of operators, from any listener.
//
// There are at most kMaxSessions. When one more comes, the oldest idle one is closed; if all are
// busy, the new one is refused.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "watchdog/control/control_session.h"

namespace pyfault {

class ControlServer {
 public:
  static constexpr std::size_t kMaxSessions = 32;

  ControlServer(boost::asio::io_context& io, ControlSession::OnRequest on_request)
      : io_(io), on_request_(std::move(on_request)) {}

  void admit(UniqueFd connection);

 private:
  bool make_room();

  boost::asio::io_context& io_;
  const ControlSession::OnRequest on_request_;
  std::deque<std::weak_ptr<ControlSession>> sessions_;  // oldest first
};

}  // namespace pyfault
