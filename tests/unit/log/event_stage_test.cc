// Crashes whose native stacks, minidumps and source lines arrive in time, late, or never.
#include "watchdog/log/event_stage.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <future>
#include <optional>
#include <string>

#include "watchdog/crash/fingerprint.h"

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

Event crash_with_stack(StackReader stacks, SourceReader sources = nullptr) {
  Event event = crash_in("f", std::move(sources));
  std::get<Crash>(event.body).threads[0].native = NativeStack{false, "in time"};
  event.read_stacks = std::move(stacks);
  return event;
}

NativeStacks one_frame(const Crash&) {
  StackEntry entry;
  entry.native.function = "native";
  NativeStacks stacks{{{{entry}, NativeStack{true, ""}}}, {Module()}};
  stacks.modules[0].path = "/lib/a.so";
  return stacks;
}

Event crash_with_minidump(MinidumpWriter write) {
  Event event = crash_with_stack(one_frame);
  event.process.name = "python3";
  event.process.pid = 7;
  event.worker = "web";
  event.write_minidump = std::move(write);
  return event;
}

MinidumpResult written(const Crash&, const std::vector<Module>& modules) {
  return {"/dumps" + modules.at(0).path, ""};
}

MinidumpWriter failing(const std::string& trouble) {
  return [trouble](const Crash&, const std::vector<Module>&) {
    return MinidumpResult{"", trouble};
  };
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
  void on_event(Event event) override {
    passed_.push_back(text(event));
    if (const auto* crash = std::get_if<Crash>(&event.body)) crash_ = *crash;
    last_ = std::move(event);
  }
  const Crash& crash() const { return crash_; }
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
  Event last_;
  Crash crash_;  // the last one
  std::optional<EventStage> stage_;
};

TEST_F(EventStageTest, what_has_no_lines_to_read_is_passed_on_at_once) {
  EventStage& stage = make();
  stage.on_event(saying("said"));
  EXPECT_THAT(passed_, ElementsAre("said"));
}

TEST_F(EventStageTest, secrets_are_not_passed_on) {
  EventStage& stage = make();
  Event event = saying("said");
  event.process.command = {"app", "--token=abc", "--pin=1"};
  stage.on_event(event);
  EXPECT_THAT(last_.process.command, ElementsAre("app", "--token=[redacted]", "--pin=1"));
  stage.set_redaction({true, {"pin"}});
  stage.on_event(event);
  EXPECT_THAT(last_.process.command, ElementsAre("app", "--token=[redacted]", "--pin=[redacted]"));
  stage.set_redaction({.is_on = false});
  stage.on_event(event);
  EXPECT_EQ(last_.process.command, event.process.command);
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

TEST_F(EventStageTest, a_crash_gets_its_native_stack) {
  EventStage& stage = make();
  stage.on_event(crash_with_stack(one_frame));
  run_until(1);
  EXPECT_TRUE(crash().threads[0].native->complete);
  EXPECT_EQ(crash().threads[0].stack.at(0).native.function, "native");
  EXPECT_EQ(crash().modules.at(0).path, "/lib/a.so");
}

TEST_F(EventStageTest, a_chain_that_the_native_stack_proves_too_short_is_incomplete) {
  EventStage& stage = make();
  stage.on_event(crash_with_stack([](const Crash& seen) {
    NativeStacks stacks = one_frame(seen);
    stacks.threads[0].missing_frames_at = 1;
    return stacks;
  }));
  run_until(1);
  EXPECT_EQ(crash().threads[0].frames.back().kind, Frame::Kind::kUnreadable);
  EXPECT_FALSE(crash().complete);
  EXPECT_EQ(crash().incomplete_reason, "the chain of frames is broken");
}

TEST_F(EventStageTest, missing_frames_are_marked_in_their_place) {
  EventStage& stage = make();
  const auto with_missing_frames = [](const Crash& seen) {
    NativeStacks stacks = one_frame(seen);
    stacks.threads[0].missing_frames_at = 0;
    return stacks;
  };
  stage.on_event(crash_with_stack(with_missing_frames, line));
  run_until(1);
  EXPECT_EQ(crash().threads[0].frames.at(0).kind, Frame::Kind::kUnreadable);
  EXPECT_EQ(crash().threads[0].frames.at(1).source, "line of f");
}

TEST_F(EventStageTest, a_crash_without_python_frames_gets_the_fingerprint_of_its_native_stack) {
  EventStage& stage = make();
  Event event = crash_with_stack(one_frame);
  auto& crashed = std::get<Crash>(event.body).threads[0];
  crashed.crashed = true;
  crashed.frames[0].kind = Frame::Kind::kUnreadable;
  stage.on_event(std::move(event));
  run_until(1);
  EXPECT_EQ(crash().fingerprint, fingerprint("dump", {"native"}));
}

TEST_F(EventStageTest, without_a_native_stack_the_fingerprint_stays) {
  Event event = crash_with_stack(nullptr);
  std::get<Crash>(event.body).fingerprint = "0123456789abcdef";
  make().on_event(std::move(event));
  EXPECT_EQ(crash().fingerprint, "0123456789abcdef");
}

TEST_F(EventStageTest, a_read_of_source_lines_that_hangs_costs_no_native_stack) {
  EventStage& stage = make(milliseconds(20));
  stage.on_event(crash_with_stack(one_frame, hang()));
  run_until(1);
  EXPECT_TRUE(crash().threads[0].native->complete);
}

TEST_F(EventStageTest, a_native_stack_that_hangs_is_said_to_be_missing) {
  EventStage& stage = make(milliseconds(20));
  stage.on_event(crash_with_stack([gone = gone_](const Crash& crash) {
    gone.wait();
    return one_frame(crash);
  }));
  run_until(1);
  EXPECT_FALSE(crash().threads[0].native->complete);
  EXPECT_TRUE(crash().threads[0].stack.empty());
}

TEST_F(EventStageTest, a_minidump_is_written_once_the_build_ids_are_known) {
  EventStage& stage = make();
  stage.on_event(crash_with_minidump(written));
  run_until(1);
  EXPECT_EQ(crash().minidump, "/dumps/lib/a.so");
  EXPECT_TRUE(crash().threads[0].native->complete);
  EXPECT_FALSE(last_.write_minidump);
}

TEST_F(EventStageTest, a_minidump_that_hangs_costs_no_native_stack) {
  EventStage& stage = make(milliseconds(20));
  stage.on_event(crash_with_minidump([gone = gone_](const Crash& crash, const auto& modules) {
    gone.wait();
    return written(crash, modules);
  }));
  run_until(1);
  ASSERT_EQ(passed_.size(), 2U);
  EXPECT_EQ(passed_[0], "f without");
  EXPECT_TRUE(crash().threads[0].native->complete);
  EXPECT_EQ(crash().modules.size(), 1U);
  EXPECT_EQ(crash().minidump, "");
  EXPECT_EQ(passed_[1], "python3[7]: its minidump was not written: that took too long");
}

TEST_F(EventStageTest, a_minidump_that_fails_is_said_once_until_one_is_written) {
  EventStage& stage = make();
  for (const auto& write : {failing("full"), failing("full"), failing("closed"),
                            MinidumpWriter(written), failing("closed")}) {
    stage.on_event(crash_with_minidump(write));
    stage.finish();
  }
  EXPECT_THAT(passed_,
              ElementsAre("f without", "python3[7]: its minidump was not written: full",  //
                          "f without",                                                    //
                          "f without", "python3[7]: its minidump was not written: closed",
                          "f without",  //
                          "f without", "python3[7]: its minidump was not written: closed"));
  EXPECT_EQ(last_.worker, "web");
}

TEST_F(EventStageTest, a_minidump_that_is_not_wanted_is_no_trouble) {
  EventStage& stage = make();
  stage.on_event(crash_with_minidump(failing("")));
  stage.on_event(crash_with_stack(one_frame));
  run_until(2);
  EXPECT_THAT(passed_, ElementsAre("f without", "f without"));
}

// It holds the raw stack.
TEST_F(EventStageTest, what_writes_a_minidump_goes_no_further) {
  EventStage& stage = make();
  Event notice = saying("said");
  notice.write_minidump = written;
  stage.on_event(std::move(notice));
  EXPECT_FALSE(last_.write_minidump);
}

TEST_F(EventStageTest, in_a_storm_of_crashes_only_the_first_are_unwound) {
  EventStage& stage = make();
  for (std::size_t count = 0; count < EventStage::kMaxUnwinding; ++count) {
    stage.on_event(crash_with_stack(one_frame, line));
  }
  stage.on_event(crash_with_stack(one_frame, line));
  run_until(EventStage::kMaxUnwinding + 1);
  EXPECT_EQ(passed_.back(), "line of f");
  EXPECT_FALSE(crash().threads[0].native->complete);
}

TEST_F(EventStageTest, after_a_storm_stacks_are_unwound_again) {
  EventStage& stage = make();
  for (std::size_t count = 1; count <= 2 * EventStage::kMaxUnwinding; ++count) {
    stage.on_event(crash_with_stack(one_frame));
    run_until(count);
  }
  EXPECT_TRUE(crash().threads[0].native->complete);
}

TEST_F(EventStageTest, a_read_that_ends_after_the_stage_is_nobodys_business) {
  make(milliseconds(20)).on_event(crash_in("hung", hang()));
  stage_.reset();
  EXPECT_THAT(passed_, ElementsAre());
}

}  // namespace
}  // namespace pyfault
