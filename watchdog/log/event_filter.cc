#include "watchdog/log/event_filter.h"

#include <algorithm>
#include <string_view>

namespace pyfault {
namespace {

bool means(std::string_view name, std::string_view worker) {
  return worker == name || worker.substr(0, worker.rfind('#')) == name;
}

}  // namespace

bool EventFilter::passes(const Event& event) const {
  if (!events.empty() && std::find(events.begin(), events.end(), kind_of(event)) == events.end()) {
    return false;
  }
  return workers.empty() ||
         (event.worker && std::any_of(workers.begin(), workers.end(), [&](const auto& name) {
            return means(name, *event.worker);
          }));
}

}  // namespace pyfault
