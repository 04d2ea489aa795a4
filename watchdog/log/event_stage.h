// Passes events on in order. A crash waits here until its source lines have been
// read, and later events wait behind it.
//
// Source lines are read off the event loop (loop/background.h), because a disk may hang. A crash
// that has waited for kSourceTimeout is passed on without them, as are all crashes while too many
// reads hang.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/loop/background.h"

namespace pyfault {

class EventStage final : public EventSink {
 public:
  static constexpr std::chrono::seconds kSourceTimeout{3};
  static constexpr std::size_t kMaxWaiting = std::size_t{64} << 20;  // approximate bytes

  // `patience` is for tests.
  explicit EventStage(boost::asio::io_context& io,
                      std::chrono::steady_clock::duration patience = kSourceTimeout);
  EventStage(const EventStage&) = delete;
  EventStage& operator=(const EventStage&) = delete;

  // From now on, each event goes to `sink` too, after those that were added before, from the event
  // loop or from within on_event() and finish(). The sink must outlive the stage.
  void add(EventSink& sink) { next_.push_back(&sink); }

  void on_event(Event event) override;

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
  void pass_on(Event event);
  static void take_lines(Event& event, Reading& reading);

  std::vector<EventSink*> next_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  Background background_;
};

}  // namespace pyfault
