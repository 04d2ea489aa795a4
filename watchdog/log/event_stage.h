// Events on their way from the loop to whoever reports them, in order. A crash waits here for its
// source lines, and what comes later waits behind it.
//
// They are read on a thread, for a disk may hang, and with it whoever reads. Who has waited for
// kPatience goes on without; the thread is left to its read, and another one takes its place. While
// kMostHanging of them hang, nobody waits any more. Where no thread is to be had there are no
// lines.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/ingest/timer.h"

namespace pyfault {

class EventStage {
 public:
  static constexpr std::chrono::seconds kPatience{3};
  static constexpr std::size_t kMostHanging = 4;
  static constexpr std::size_t kMostWaiting = std::size_t{64} << 20;  // bytes, about

  // `pass_on` is called from the loop, or from within take() and finish(). `patience`: for tests.
  EventStage(boost::asio::io_context& io, std::function<void(Event)> pass_on,
             std::chrono::steady_clock::duration patience = kPatience);
  ~EventStage();
  EventStage(const EventStage&) = delete;
  EventStage& operator=(const EventStage&) = delete;

  void take(Event event);

  // The loop has ended. Passes on all that waits; within kPatience in all.
  void finish();

 private:
  class Reader;
  struct Reading;
  struct Waiting {
    Event event;
    std::shared_ptr<Reading> reading;  // none: its lines are there, or it has none
    std::size_t bytes = 0;
  };

  std::shared_ptr<Reading> begin_to_read(Event& event);
  bool may_read();
  void replace_reader();
  void go_on();
  void pass_first_on();
  void give_first_up();
  void pass(Event event, const std::shared_ptr<Reading>& reading);
  void await_first();

  boost::asio::io_context& io_;
  std::function<void(Event)> pass_on_;
  std::chrono::steady_clock::duration patience_;
  std::shared_ptr<Reader> reader_;
  std::vector<std::weak_ptr<Reader>> hanging_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  Timer late_;
};

}  // namespace pyfault
