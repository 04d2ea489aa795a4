// An operator's request for events: those that are stored, and optionally those that follow.
#pragma once

#include <memory>

#include "watchdog/control/control_session.h"
#include "watchdog/control/event_tail.h"

namespace pyfault {

class EventFollower : public std::enable_shared_from_this<EventFollower> {
 public:
  // The tail must outlive the sessions of all followers.
  EventFollower(const EventTail& tail, std::weak_ptr<ControlSession> session,
                const EventsRequest& request);

  // Sends the available events as far as the reader keeps up. Called after each new event.
  void pump();

  bool is_gone() const { return session_.expired(); }

 private:
  void tell_of_lost(ControlSession& session);

  const EventTail& tail_;
  const std::weak_ptr<ControlSession> session_;
  const EventsRequest request_;
  std::uint64_t next_;
  bool done_ = false;
};

// Renders an event in the requested format; empty if the format omits it.
std::string render(const Event& event, ReportFormat format);

}  // namespace pyfault
