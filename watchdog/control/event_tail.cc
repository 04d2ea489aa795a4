#include "watchdog/control/event_tail.h"

#include <utility>

#include "watchdog/event/event_size.h"

namespace pyfault {

void EventTail::add(Event event) {
  const std::size_t bytes = approximate_size(event);
  kept_.push_back({std::move(event), bytes});
  bytes_ += bytes;
  while (kept_.size() > 1 && (kept_.size() > limits_.events || bytes_ > limits_.bytes)) {
    bytes_ -= kept_.front().bytes;
    kept_.pop_front();
    ++first_;
  }
}

const Event& EventTail::at(std::uint64_t number) const {
  return kept_[static_cast<std::size_t>(number - first_)].event;
}

}  // namespace pyfault
