// The recent crashes of each worker, for its processes when they ask (shared/question.h). They
// outlive the processes and a change of the worker's settings, not the worker. And those of guests,
// all together: who asks is told of its own user's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/recent_crashes.h"

namespace pyfault {

class WorkerCrashes final : public EventSink {
 public:
  explicit WorkerCrashes(std::string host);

  // Those of a worker, which the caller shares.
  std::shared_ptr<RecentCrashes> of(const std::string& worker);

  std::shared_ptr<RecentCrashes> of_guests() { return guests_; }

  // For all workers, also later ones, and for guests.
  void set_redaction(const RedactionSettings& settings);

  // Takes the events that the logs get.
  void on_event(Event event) override;

 private:
  const std::string host_;
  RedactionSettings redaction_;
  std::map<std::string, std::weak_ptr<RecentCrashes>> workers_;
  const std::shared_ptr<RecentCrashes> guests_;
};

}  // namespace pyfault
