// Passes events on to the reporter in order. A crash waits here until its source lines have been
// read, and later events wait behind it.
//
// Source lines are read off the event loop (ingest/background.h), because a disk may hang. A crash
// that has waited for kSourceTimeout is passed on without them, as are all crashes while too many
// reads hang.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "watchdog/event/event.h"
#include "watchdog/ingest/background.h"

namespace pyfault {

class EventStage {
 public:
  static constexpr std::chrono::seconds kSourceTimeout{3};
  static constexpr std::size_t kMaxWaiting = std::size_t{64} << 20;  // approximate bytes

  // `pass_on` is called from the event loop, or from within take() and finish(). `patience` is for
  // tests.
  EventStage(boost::asio::io_context& io, std::function<void(Event)> pass_on,
             std::chrono::steady_clock::duration patience = kSourceTimeout);
  EventStage(const EventStage&) = delete;
  EventStage& operator=(const EventStage&) = delete;

  void take(Event event);

  // Passes on all waiting events, within kSourceTimeout in total. To be called after the loop has
  // ended.
  void finish();

 private:
  struct Reading;
  struct Waiting {
    Event event;
    std::shared_ptr<Reading> reading;  // nullptr: there are no source lines to wait for
    std::size_t bytes = 0;
  };

  std::shared_ptr<Reading> begin_to_read(Event& event);
  void go_on();
  void pass_first_on();
  static void take_lines(Event& event, Reading& reading);

  std::function<void(Event)> pass_on_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  Background background_;
};

}  // namespace pyfault
