// Where the events of the service go: to the metrics at once, then to operators and logs. Completes
// them with time and host.
#pragma once

#include <string>

#include "watchdog/event/event_sink.h"
#include "watchdog/log/event_stage.h"
#include "watchdog/metrics/service_metrics.h"

namespace pyfault {

class EventRouter final : public EventSink {
 public:
  // `metrics` must outlive the router.
  EventRouter(boost::asio::io_context& io, std::string host, ServiceMetrics& metrics);

  // From now on, each event goes to `sink` too (EventStage::add).
  void add(EventSink& sink) { stage_.add(sink); }

  // From now on.
  void set_redaction(const RedactionSettings& settings) { stage_.set_redaction(settings); }

  void on_event(Event event) override;

  // Reports a notice of the watchdog itself.
  void say(std::string message);

  // Passes on all waiting events. To be called after the loop has ended.
  void finish() { stage_.finish(); }

 private:
  const std::string host_;
  ServiceMetrics& metrics_;
  EventStage stage_;
};

}  // namespace pyfault
