// Somebody who asked for events: those that are kept, and then perhaps those that come.
#pragma once

#include <memory>

#include "watchdog/control/control_session.h"
#include "watchdog/control/event_tail.h"

namespace pyfault {

class EventFollower : public std::enable_shared_from_this<EventFollower> {
 public:
  // The tail outlives all followers' sessions.
  EventFollower(const EventTail& tail, std::weak_ptr<ControlSession> session,
                const EventsRequest& request);

  // Sends what there is and what the reader takes; to be called after each new event.
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

// An event as somebody wants to see it; empty where the format has no word for it.
std::string render(const Event& event, ReportFormat format);

}  // namespace pyfault
