// Crashes whose source lines arrive in time, late, or never.
#include "watchdog/log/event_stage.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <future>
#include <optional>
#include <string>

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

// A crash with one frame, whose function is `name`.
Event crash_in(const std::string& name, SourceReader reader) {
  Crash crash;
  crash.threads.resize(1);
  crash.threads[0].frames.resize(1);
  crash.threads[0].frames[0].function = name;
  Event event;
  event.body = std::move(crash);
  event.read_sources = std::move(reader);
  return event;
}

Event saying(const std::string& message) {
  Event event;
  event.body = NoticeEvent{message};
  return event;
}

std::vector<FrameSource> line(const Crash& crash) {
  return {{0, 0, "line of " + crash.threads[0].frames[0].function}};
}

class EventStageTest : public testing::Test, private EventSink {
 protected:
  ~EventStageTest() override { go_.set_value(); }

  EventStage& make(std::chrono::steady_clock::duration patience = hours(1)) {
    EventStage& stage = stage_.emplace(io_, patience);
    stage.add(*this);
    return stage;
  }
  void on_event(Event event) override { passed_.push_back(text(event)); }
  // A read that hangs until the test is over.
  SourceReader hang() const {
    return [gone = gone_](const Crash&) {
      gone.wait();
      return std::vector<FrameSource>();
    };
  }
  void run_until(std::size_t count) {
    io_.restart();
    while (passed_.size() < count) ASSERT_EQ(io_.run_one_for(hours(1)), 1U);
  }
  static std::string text(const Event& event) {
    if (const auto* notice = std::get_if<NoticeEvent>(&event.body)) return notice->message;
    const Frame& frame = std::get<Crash>(event.body).threads.at(0).frames.at(0);
    return frame.source.value_or(frame.function + " without");
  }

  std::promise<void> go_;
  std::shared_future<void> gone_ = go_.get_future().share();
  boost::asio::io_context io_{1};
  std::vector<std::string> passed_;
  std::optional<EventStage> stage_;
};

TEST_F(EventStageTest, what_has_no_lines_to_read_is_passed_on_at_once) {
  EventStage& stage = make();
  stage.on_event(saying("said"));
  EXPECT_THAT(passed_, ElementsAre("said"));
}

TEST_F(EventStageTest, a_crash_gets_its_lines) {
  EventStage& stage = make();
  stage.on_event(crash_in("f", line));
  run_until(1);
  EXPECT_THAT(passed_, ElementsAre("line of f"));
}

TEST_F(EventStageTest, what_comes_later_is_passed_on_later) {
  EventStage& stage = make();
  stage.on_event(crash_in("f", line));
  stage.on_event(saying("said"));
  stage.on_event(crash_in("g", line));
  run_until(3);
  EXPECT_THAT(passed_, ElementsAre("line of f", "said", "line of g"));
}

TEST_F(EventStageTest, a_read_that_hangs_costs_that_crash_its_lines_alone) {
  EventStage& stage = make(milliseconds(20));
  stage.on_event(crash_in("hung", hang()));
  stage.on_event(crash_in("f", line));
  run_until(2);
  EXPECT_THAT(passed_, ElementsAre("hung without", "line of f"));
}

TEST_F(EventStageTest, where_too_many_reads_hang_nobody_waits) {
  EventStage& stage = make(milliseconds(20));
  for (std::size_t count = 1; count <= HelperThread::kMaxHanging; ++count) {
    stage.on_event(crash_in("hung", hang()));
    run_until(count);
  }
  stage.on_event(crash_in("f", line));
  EXPECT_EQ(passed_.back(), "f without");
}

TEST_F(EventStageTest, at_the_end_what_waits_is_passed_on) {
  EventStage& stage = make();
  stage.on_event(crash_in("f", line));
  stage.on_event(saying("said"));
  stage.finish();
  EXPECT_THAT(passed_, ElementsAre("line of f", "said"));
}

TEST_F(EventStageTest, at_the_end_a_read_that_hangs_is_not_waited_for_long) {
  EventStage& stage = make(milliseconds(20));
  stage.on_event(crash_in("hung", hang()));
  stage.on_event(saying("said"));
  stage.finish();
  EXPECT_THAT(passed_, ElementsAre("hung without", "said"));
}

TEST_F(EventStageTest, a_read_that_ends_after_the_stage_is_nobodys_business) {
  make(milliseconds(20)).on_event(crash_in("hung", hang()));
  stage_.reset();
  EXPECT_THAT(passed_, ElementsAre());
}

}  // namespace
}  // namespace pyfault
