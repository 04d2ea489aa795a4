#include "watchdog/service/worker_crashes.h"

#include <utility>

#include "watchdog/format/format.h"

namespace pyfault {

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
  for (const auto& [worker, crashes] : workers_) {
    if (const auto living = crashes.lock()) living->set_redaction(settings);
  }
}

void WorkerCrashes::on_event(Event event) {
  const auto known = event.worker ? workers_.find(*event.worker) : workers_.end();
  if (known == workers_.end()) return;
  if (const auto crashes = known->second.lock()) crashes->on_event(std::move(event));
}

}  // namespace pyfault
