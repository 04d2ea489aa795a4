#include "watchdog/log/event_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "watchdog/crash/diagnosis.h"
#include "watchdog/crash/fingerprint.h"
#include "watchdog/crash/incomplete_reason.h"
#include "watchdog/event/event_size.h"
#include "watchdog/os/clock.h"

namespace pyfault {

namespace {

// A link of the chain was overwritten, and led to a frame further out, or to none.
void mark_missing_frames(Crash& crash, Thread& thread, std::size_t place) {
  Frame unreadable;
  unreadable.kind = Frame::Kind::kUnreadable;
  const auto at = static_cast<std::ptrdiff_t>(std::min(place, thread.frames.size()));
  thread.frames.insert(thread.frames.begin() + at, std::move(unreadable));
  if (crash.complete) crash.incomplete_reason = gap_in(thread);
  crash.complete = false;
}

// Before the stacks are taken, which may insert frames.
void take_sources(Crash& crash, std::vector<FrameSource> sources) {
  for (FrameSource& each : sources) {
    crash.threads.at(each.thread).frames.at(each.frame).source = std::move(each.text);
  }
}

void take_stacks(Crash& crash, NativeStacks stacks) {
  for (std::size_t index = 0; index < std::min(stacks.threads.size(), crash.threads.size());
       ++index) {
    crash.threads[index].stack = std::move(stacks.threads[index].stack);
    crash.threads[index].native = std::move(stacks.threads[index].native);
    const auto missing = stacks.threads[index].missing_frames_at;
    if (missing) mark_missing_frames(crash, crash.threads[index], *missing);
  }
  crash.modules = std::move(stacks.modules);
  crash.fingerprint = fingerprint(crash);  // of the native frames if there is none of Python's
  diagnose_native_recursion(crash);
}

}  // namespace

// While a read is under way, its background thread reads `crash` (a minidump's also what the stacks
// have brought) and writes its result, so the loop must not touch either.
struct EventStage::Reading {
  std::shared_ptr<Crash> crash;
  NativeStacks stacks;
  MinidumpWriter write_minidump;
  MinidumpResult minidump;
  std::vector<FrameSource> sources;
  ReadState of_stacks = ReadState::kNone;  // used by the loop only, as are the next ones
  ReadState of_minidump = ReadState::kNone;
  ReadState of_sources = ReadState::kNone;

  bool is_under_way() const { return any_is(ReadState::kUnderWay); }
  bool uses_crash() const { return any_is(ReadState::kGivenUp); }
  bool is_unwinding() const {
    return of_stacks == ReadState::kUnderWay || of_minidump == ReadState::kUnderWay;
  }

  // Empty: it has been written, or is not wanted.
  std::string trouble_with_minidump() const {
    switch (of_minidump) {
      case ReadState::kDone:
        return minidump.trouble;
      case ReadState::kGivenUp:
        return "that took too long";
      case ReadState::kNone:
        return write_minidump && of_stacks == ReadState::kDone ? "earlier ones hang" : "";
      case ReadState::kUnderWay:
        break;
    }
    return "";
  }

 private:
  bool any_is(ReadState state) const {
    return of_stacks == state || of_minidump == state || of_sources == state;
  }
};

EventStage::EventStage(boost::asio::io_context& io, std::chrono::steady_clock::duration patience)
    : stacks_(io, patience), minidumps_(io, patience), sources_(io, patience) {}

std::shared_ptr<EventStage::Reading> EventStage::begin_to_read(Event& event) {
  auto* crash = std::get_if<Crash>(&event.body);
  const StackReader read_stacks = std::exchange(event.read_stacks, nullptr);
  MinidumpWriter write_minidump = std::exchange(event.write_minidump, nullptr);
  const SourceReader read_sources = std::exchange(event.read_sources, nullptr);
  if (crash == nullptr || !(read_sources || read_stacks)) return nullptr;
  auto reading = std::make_shared<Reading>();
  reading->crash = std::make_shared<Crash>(std::move(*crash));
  reading->write_minidump = std::move(write_minidump);
  if (read_stacks && unwinding_ < kMaxUnwinding) {
    begin(stacks_, reading, reading->of_stacks,
          [reading, read_stacks] { reading->stacks = read_stacks(*reading->crash); });
    if (reading->is_under_way()) ++unwinding_;
  }
  if (read_sources) {
    begin(sources_, reading, reading->of_sources,
          [reading, read_sources] { reading->sources = read_sources(*reading->crash); });
  }
  if (reading->is_under_way()) return reading;
  event.body = std::move(*reading->crash);
  return nullptr;
}

void EventStage::begin(Background& background, const std::shared_ptr<Reading>& reading,
                       ReadState& state, Background::Work work) {
  const bool begun = background.begin(std::move(work), [this, reading, &state](bool done) {
    state = done ? ReadState::kDone : ReadState::kGivenUp;
    if (&state == &reading->of_stacks && done) begin_minidump(reading);
    if (&state != &reading->of_sources && !reading->is_unwinding()) --unwinding_;
    go_on();
  });
  if (begun) state = ReadState::kUnderWay;
}

void EventStage::begin_minidump(const std::shared_ptr<Reading>& reading) {
  if (!reading->write_minidump) return;
  begin(minidumps_, reading, reading->of_minidump, [reading] {
    reading->minidump = reading->write_minidump(*reading->crash, reading->stacks.modules);
  });
}

void EventStage::on_event(Event event) {
  redaction_.redact(event);
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
    if (reading && reading->is_under_way()) return;
    pass_first_on();
  }
}

void EventStage::pass_first_on() {
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= first.bytes;
  if (!first.reading) return pass_on(std::move(first.event));
  take_results(first.event, *first.reading);
  std::optional<Event> notice = notice_of_minidump(first.event, *first.reading);
  pass_on(std::move(first.event));
  if (notice) pass_on(*std::move(notice));
}

void EventStage::pass_on(Event event) {
  if (next_.empty()) return;
  for (EventSink* sink : std::span(next_).first(next_.size() - 1)) sink->on_event(event);
  next_.back()->on_event(std::move(event));
}

void EventStage::take_results(Event& event, Reading& reading) {
  const bool is_shared = reading.is_under_way() || reading.uses_crash();
  event.body = is_shared ? *reading.crash : std::move(*reading.crash);
  auto& crash = std::get<Crash>(event.body);
  if (reading.of_sources == ReadState::kDone) take_sources(crash, std::move(reading.sources));
  if (reading.of_stacks == ReadState::kDone) {
    take_stacks(crash, is_shared ? NativeStacks(reading.stacks) : std::move(reading.stacks));
  }
  if (reading.of_minidump == ReadState::kDone) crash.minidump = std::move(reading.minidump.path);
}

std::optional<Event> EventStage::notice_of_minidump(const Event& crash, const Reading& reading) {
  if (!std::get<Crash>(crash.body).minidump.empty()) told_trouble_.clear();
  std::string trouble = reading.trouble_with_minidump();
  if (trouble.empty() || trouble == told_trouble_) return std::nullopt;
  std::string message = fmt::format("{}[{}]: its minidump was not written: {}", crash.process.name,
                                    crash.process.pid, trouble);
  told_trouble_ = std::move(trouble);
  return Event{realtime_now_ns(), crash.host, crash.worker, crash.process,
               NoticeEvent{std::move(message)}};
}

void EventStage::finish() {
  sources_.finish();
  stacks_.finish();
  minidumps_.finish();
  while (!waiting_.empty()) pass_first_on();
}

}  // namespace pyfault
