// The recent crashes of each worker, for its processes when they ask (shared/question.h). They
// outlive the processes and a change of the worker's settings, not the worker.
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
  explicit WorkerCrashes(std::string host) : host_(std::move(host)) {}

  // Those of a worker, which the caller shares.
  std::shared_ptr<RecentCrashes> of(const std::string& worker);

  // For all workers, also later ones.
  void set_redaction(const RedactionSettings& settings);

  // Takes the events that the logs get.
  void on_event(Event event) override;

 private:
  const std::string host_;
  RedactionSettings redaction_;
  std::map<std::string, std::weak_ptr<RecentCrashes>> workers_;
};

}  // namespace pyfault
