#include "watchdog/service/worker_crashes.h"

#include <utility>

#include "watchdog/format/format.h"

namespace pyfault {

WorkerCrashes::WorkerCrashes(std::string host)
    : host_(std::move(host)),
      guests_(std::make_shared<RecentCrashes>(&format_json, &format_text, CrashOrigin{host_})) {}

std::shared_ptr<RecentCrashes> WorkerCrashes::of(const std::string& worker) {
  std::erase_if(workers_, [](const auto& each) { return each.second.expired(); });
  if (const auto known = workers_.find(worker); known != workers_.end()) {
    return known->second.lock();
  }
  auto crashes =
      std::make_shared<RecentCrashes>(&format_json, &format_text, CrashOrigin{host_, worker});
  crashes->set_redaction(redaction_);
  workers_.emplace(worker, crashes);
  return crashes;
}

void WorkerCrashes::set_redaction(const RedactionSettings& settings) {
  redaction_ = settings;
  guests_->set_redaction(settings);
  for (const auto& [worker, crashes] : workers_) {
    if (const auto living = crashes.lock()) living->set_redaction(settings);
  }
}

void WorkerCrashes::on_event(Event event) {
  if (!event.worker) return guests_->on_event(std::move(event));
  const auto known = workers_.find(*event.worker);
  if (known == workers_.end()) return;
  if (const auto crashes = known->second.lock()) crashes->on_event(std::move(event));
}

}  // namespace pyfault
