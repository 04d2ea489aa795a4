// Where events go. A crash can be followed by this name from the ring to the logs: AgentSession ->
// Worker -> EventRouter -> EventStage -> Reporter, which writes it to every EventLog. Under --exec,
// Watch (app.cc) takes the place of Worker and EventRouter.
#pragma once

#include "watchdog/event/event.h"

namespace pyfault {

class EventSink {
 public:
  // Called on the event loop's thread; must not block. The caller may be in the middle of its work,
  // so the caller must not be destroyed before control has returned to the loop.
  virtual void on_event(Event event) = 0;

 protected:
  ~EventSink() = default;
};

}  // namespace pyfault
