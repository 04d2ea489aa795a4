// Passes events on in order, without the secrets that they quote (event/redaction.h). A crash waits
// here until its native stack has been unwound, its minidump has been written, and its source lines
// have been read, and later events wait behind it.
//
// That is done off the event loop (loop/background.h), because it takes time and a disk may hang. A
// crash that has waited for kReadTimeout is passed on with what has been read by then, as are all
// crashes while too many reads hang; only once its native stack is there, it waits as long again
// for its minidump. While kMaxUnwinding crashes wait, others are passed on without native stacks.
//
// That a minidump could not be written is said in a notice, once until one is written or there is
// another reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/event/redaction.h"
#include "watchdog/loop/background.h"

namespace pyfault {

class EventStage final : public EventSink {
 public:
  static constexpr std::chrono::seconds kReadTimeout{3};
  static constexpr std::size_t kMaxUnwinding = 8;
  static constexpr std::size_t kMaxWaiting = std::size_t{64} << 20;  // approximate bytes

  // `patience` is for tests.
  explicit EventStage(boost::asio::io_context& io,
                      std::chrono::steady_clock::duration patience = kReadTimeout);
  EventStage(const EventStage&) = delete;
  EventStage& operator=(const EventStage&) = delete;

  // From now on, each event goes to `sink` too, after those that were added before, from the event
  // loop or from within on_event() and finish(). The sink must outlive the stage.
  void add(EventSink& sink) { next_.push_back(&sink); }

  // From now on.
  void set_redaction(const RedactionSettings& settings) { redaction_ = Redaction(settings); }

  void on_event(Event event) override;

  // Passes on all waiting events, within kReadTimeout for all source lines, and as much each for
  // all stacks and all minidumps. To be called after the loop has ended.
  void finish();

 private:
  enum class ReadState { kNone, kUnderWay, kDone, kGivenUp };
  struct Reading;
  struct Waiting {
    Event event;
    std::shared_ptr<Reading> reading;  // nullptr: there is nothing to wait for
    std::size_t bytes = 0;
  };

  std::shared_ptr<Reading> begin_to_read(Event& event);
  void begin(Background& background, const std::shared_ptr<Reading>& reading, ReadState& state,
             Background::Work work);
  void begin_minidump(const std::shared_ptr<Reading>& reading);
  void go_on();
  void pass_first_on();
  void pass_on(Event event);
  static void take_results(Event& event, Reading& reading);
  std::optional<Event> notice_of_minidump(const Event& crash, const Reading& reading);

  std::vector<EventSink*> next_;
  Redaction redaction_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t unwinding_ = 0;  // of those that wait
  std::string told_trouble_;   // with minidumps; empty: the last one was written
  Background stacks_;
  Background minidumps_;
  Background sources_;
};

}  // namespace pyfault
