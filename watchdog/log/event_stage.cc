#include "watchdog/log/event_stage.h"

#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "watchdog/event/event_size.h"

namespace pyfault {

// While a read is under way, the background thread reads `crash` and writes `sources`, so the loop
// must not touch them.
struct EventStage::Reading {
  enum class State { kUnderWay, kDone, kGivenUp };

  std::shared_ptr<Crash> crash;
  std::vector<FrameSource> sources;
  State state = State::kUnderWay;  // used by the loop only
};

EventStage::EventStage(boost::asio::io_context& io, std::chrono::steady_clock::duration patience)
    : background_(io, patience) {}

std::shared_ptr<EventStage::Reading> EventStage::begin_to_read(Event& event) {
  auto* crash = std::get_if<Crash>(&event.body);
  SourceReader read = std::exchange(event.read_sources, nullptr);
  if (crash == nullptr || !read) return nullptr;
  auto reading = std::make_shared<Reading>();
  reading->crash = std::make_shared<Crash>(std::move(*crash));
  const bool begun = background_.begin(
      [reading, read = std::move(read)] { reading->sources = read(*reading->crash); },
      [this, reading](bool done) {
        reading->state = done ? Reading::State::kDone : Reading::State::kGivenUp;
        go_on();
      });
  if (begun) return reading;
  event.body = std::move(*reading->crash);
  return nullptr;
}

void EventStage::on_event(Event event) {
  const std::size_t bytes = approximate_size(event);
  auto reading = begin_to_read(event);
  if (!reading && waiting_.empty()) return pass_on(std::move(event));
  waiting_.push_back({std::move(event), std::move(reading), bytes});
  waiting_bytes_ += bytes;
  while (waiting_bytes_ > kMaxWaiting && !waiting_.empty()) pass_first_on();
}

// Passes on events from the front, up to the first one whose read is under way.
void EventStage::go_on() {
  while (!waiting_.empty()) {
    const auto& reading = waiting_.front().reading;
    if (reading && reading->state == Reading::State::kUnderWay) return;
    pass_first_on();
  }
}

void EventStage::pass_first_on() {
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= first.bytes;
  if (first.reading) take_lines(first.event, *first.reading);
  pass_on(std::move(first.event));
}

void EventStage::pass_on(Event event) {
  if (next_.empty()) return;
  for (EventSink* sink : std::span(next_).first(next_.size() - 1)) sink->on_event(event);
  next_.back()->on_event(std::move(event));
}

void EventStage::take_lines(Event& event, Reading& reading) {
  if (reading.state != Reading::State::kDone) {
    event.body = *reading.crash;
    return;
  }
  for (FrameSource& each : reading.sources) {
    reading.crash->threads.at(each.thread).frames.at(each.frame).source = std::move(each.text);
  }
  event.body = std::move(*reading.crash);
}

void EventStage::finish() {
  background_.finish();
  while (!waiting_.empty()) pass_first_on();
}

}  // namespace pyfault
