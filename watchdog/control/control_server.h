// All operators' connections, whatever door they came by.
//
// At most kMaxSessions of them: for one more the oldest that nobody would miss is closed, and where
// all are at work the new one is told so.
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
