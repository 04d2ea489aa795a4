// The last events of the service, for operators who ask for them later or follow them.
//
// Each event has a number, counted from 0. A follower stores the number of the next one it wants
// and takes it when it has room. So the tail is the only buffer: a slow follower misses what has
// been dropped from it, and nothing waits for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "watchdog/event/event.h"

namespace pyfault {

struct TailLimits {
  std::size_t events = 1000;
  std::size_t bytes = std::size_t{4} << 20;  // approximate size of the texts in them
};

class EventTail {
 public:
  explicit EventTail(TailLimits limits = {}) : limits_(limits) {}

  // Adds an event of any size, and drops the oldest ones that exceed the limits.
  void add(Event event);

  std::uint64_t first() const { return first_; }               // number of the oldest one
  std::uint64_t end() const { return first_ + kept_.size(); }  // number of the next one
  const Event& at(std::uint64_t number) const;                 // first() <= number < end()

 private:
  struct Kept {
    Event event;
    std::size_t bytes = 0;
  };

  const TailLimits limits_;
  std::deque<Kept> kept_;
  std::uint64_t first_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace pyfault
