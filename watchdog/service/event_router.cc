#include "watchdog/service/event_router.h"

#include <utility>

#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"

namespace pyfault {

EventRouter::EventRouter(boost::asio::io_context& io, std::string host, ServiceMetrics& metrics)
    : host_(std::move(host)), metrics_(metrics), stage_(io) {}

void EventRouter::on_event(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  event.host = host_;
  metrics_.on_event(event);
  stage_.on_event(std::move(event));
}

void EventRouter::say(std::string message) {
  on_event(notice(ourselves(), std::move(message)));
}

}  // namespace pyfault
