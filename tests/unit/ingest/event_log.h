// An event loop and the events that came out of it. Every event must conform to the published
// schema.
#pragma once

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/event_schema.h"
#include "watchdog/event/event_sink.h"
#include "watchdog/format/format.h"

namespace pyfault::test {

class EventLog final : public EventSink {
 public:
  // Reads the schema now, because a test may take all descriptors away.
  EventLog() { schema_errors({}); }

  void on_event(Event event) override {
    const std::string line = format_json(event);
    EXPECT_EQ(schema_errors(nlohmann::json::parse(line)), "") << line;
    auto& log = std::holds_alternative<ExitEvent>(event.body) ? exits : events;
    log.push_back(std::move(event));
    if (then) then();
  }

  void run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    while (!done()) ASSERT_EQ(io.run_one_until(deadline), 1u) << "waited in vain";
  }
  void run_until_events(std::size_t count) {
    run_until([&] { return events.size() >= count; });
  }
  // Runs the handlers that are ready now.
  void poll() { io.poll(); }

  const Crash& crash(std::size_t index = 0) const { return std::get<Crash>(events.at(index).body); }
  std::vector<FrameSource> sources(std::size_t index = 0) const {
    return events.at(index).read_sources(crash(index));
  }
  const ExitEvent& exit(std::size_t index = 0) const {
    return std::get<ExitEvent>(exits.at(index).body);
  }
  const Unwatched& unwatched(std::size_t index = 0) const {
    return std::get<UnwatchedEvent>(events.at(index).body).why;
  }
  const std::string& message(std::size_t index = 0) const {
    return std::get<NoticeEvent>(events.at(index).body).message;
  }

  boost::asio::io_context io;
  std::vector<Event> events;  // all but the exit events
  std::vector<Event> exits;
  std::function<void()> then;  // called after each event

 private:
  // Only a failing test waits this long.
  static constexpr std::chrono::seconds kLimit{60};
};

}  // namespace pyfault::test
