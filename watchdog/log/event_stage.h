// Events on their way from the loop to whoever reports them, in order. A crash waits here for its
// source lines, and what comes later waits behind it.
//
// They are read beside the loop (background.h), for a disk may hang, and with it whoever reads. Who
// has waited for kRetryPolicy goes on without, and so does everybody while too many reads hang.
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
  static constexpr std::chrono::seconds kRetryPolicy{3};
  static constexpr std::size_t kMaxWaiting = std::size_t{64} << 20;  // bytes, about

  // `pass_on` is called from the loop, or from within take() and finish(). `patience`: for tests.
  EventStage(boost::asio::io_context& io, std::function<void(Event)> pass_on,
             std::chrono::steady_clock::duration patience = kRetryPolicy);
  EventStage(const EventStage&) = delete;
  EventStage& operator=(const EventStage&) = delete;

  void take(Event event);

  // The loop has ended. Passes on all that waits; within kRetryPolicy in all.
  void finish();

 private:
  struct Reading;
  struct Waiting {
    Event event;
    std::shared_ptr<Reading> reading;  // none: its lines are there, or it has none
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
