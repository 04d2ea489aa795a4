// The last events of the service, for those who ask afterwards and for those who follow.
//
// Each event has a number, counted up from 0. A follower remembers the number of the next one that
// it wants and takes it when it has room: the tail is the only buffer, whoever is slow misses what
// has left it, and nothing waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "watchdog/event/event.h"

namespace pyfault {

struct TailLimits {
  std::size_t events = 1000;
  std::size_t bytes = std::size_t{4} << 20;  // about: what the texts in them take
};

class EventTail {
 public:
  explicit EventTail(TailLimits limits = {}) : limits_(limits) {}

  // Keeps it, whatever its size, and drops the oldest that are too many then.
  void add(Event event);

  std::uint64_t first() const { return first_; }               // of those that are kept
  std::uint64_t end() const { return first_ + kept_.size(); }  // the next one to come
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
