#include "watchdog/process_history.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace pyfault {
namespace {

constexpr int kPid = 100;

Process process(int pid, const std::string& name = "python3") {
  return {pid, 1, name, "/usr/bin/" + name, {name}};
}

Event crash_of(int pid, int signal, const std::string& id, CrashKind kind = CrashKind::kCrash) {
  Crash crash;
  crash.kind = kind;
  crash.id = id;
  crash.signal.number = signal;
  Event event;
  event.process = process(pid);
  event.body = std::move(crash);
  return event;
}

Event fatal_crash(const std::string& id) {
  Event event = crash_of(kPid, SIGSEGV, id);
  std::get<Crash>(event.body).fatal = true;
  return event;
}

Event replaced(int signal) {
  Event event;
  event.process = process(kPid);
  event.body = HandlerReplacedEvent{signal};
  return event;
}

Event left_out(std::uint64_t records) {
  Event event;
  event.process = process(kPid);
  event.body = NoticeEvent{"too many", records};
  return event;
}

class ProcessHistoryTest : public testing::Test {
 protected:
  void exited(int code) { end_.wait_status = code << 8; }
  void killed(int signal) { end_.wait_status = signal; }
  ExitEvent exit() const { return std::get<ExitEvent>(history_.exit_event(end_, 2.5).body); }

  ProcessHistory history_{process(kPid)};
  ChildEnd end_{};
};

TEST_F(ProcessHistoryTest, an_exit_has_a_code_and_no_signal) {
  exited(3);
  EXPECT_EQ(exit().code, 3);
  EXPECT_EQ(exit().signal, std::nullopt);
  EXPECT_EQ(exit().reason, ExitReason::kExited);
}

TEST_F(ProcessHistoryTest, a_death_by_signal_has_no_code) {
  killed(SIGSEGV | 0x80);
  EXPECT_EQ(exit().code, std::nullopt);
  EXPECT_EQ(exit().signal, SIGSEGV);
  EXPECT_TRUE(exit().core_dumped);
  EXPECT_EQ(exit().reason, ExitReason::kSignaled);
}

TEST_F(ProcessHistoryTest, a_handler_that_was_replaced_is_remembered) {
  killed(SIGSEGV);
  history_.on_event(replaced(SIGSEGV));
  EXPECT_EQ(exit().handler_replaced, true);
  killed(SIGKILL);
  EXPECT_EQ(exit().handler_replaced, false);
}

TEST_F(ProcessHistoryTest, whose_handler_there_was_is_not_known_without_a_record) {
  killed(SIGSEGV);
  EXPECT_EQ(exit().handler_replaced, std::nullopt);
  EXPECT_TRUE(exit().unwatched);
  history_.on_event(fatal_crash("crash"));
  EXPECT_EQ(exit().handler_replaced, false);
}

TEST_F(ProcessHistoryTest, why_it_is_not_watched_explains_that_there_is_no_record) {
  Event event;
  event.process = process(kPid);
  event.body = UnwatchedEvent{unwatched(UnwatchedReason::kStaticallyLinked)};
  history_.on_event(event);
  EXPECT_EQ(history_.is_watched(), false);
  killed(SIGSEGV);
  EXPECT_EQ(exit().unwatched, unwatched(UnwatchedReason::kStaticallyLinked));
  killed(SIGKILL);
  EXPECT_EQ(exit().unwatched, std::nullopt);
}

TEST_F(ProcessHistoryTest, an_exit_has_what_the_process_said_of_itself) {
  Context context;
  context.annotations = {{"task", "resize"}};
  history_.on_last_context(kPid + 1, context);
  EXPECT_TRUE(exit().context.empty());
  history_.on_last_context(kPid, context);
  EXPECT_EQ(exit().context.annotations.at(0).value, "resize");
}

TEST_F(ProcessHistoryTest, one_that_never_attached_was_no_python_for_all_that_is_known) {
  killed(SIGSEGV);
  EXPECT_EQ(exit().unwatched->reason, UnwatchedReason::kNotPython);
}

TEST_F(ProcessHistoryTest, one_that_attaches_after_all_is_watched) {
  Event event;
  event.process = process(kPid);
  event.body = UnwatchedEvent{unwatched(UnwatchedReason::kNotPython)};
  history_.on_event(event);
  history_.on_attach(process(kPid));
  EXPECT_EQ(history_.is_watched(), true);
  EXPECT_FALSE(history_.unwatched());
}

TEST_F(ProcessHistoryTest, a_handler_that_was_gone_in_the_end_is_told) {
  history_.on_attach(process(kPid));
  killed(SIGSEGV);
  end_.caught_signals = std::uint64_t{1} << (SIGSEGV - 1);
  EXPECT_EQ(exit().unwatched->reason, UnwatchedReason::kHandlerUnknown);
  end_.caught_signals = 0;
  EXPECT_EQ(exit().unwatched->reason, UnwatchedReason::kHandlerBypassed);
}

TEST_F(ProcessHistoryTest, a_sigkill_is_an_oom_kill_only_when_one_was_counted) {
  killed(SIGKILL);
  EXPECT_EQ(exit().reason, ExitReason::kSignaled);
  end_.oom_kills_rose = true;
  EXPECT_EQ(exit().reason, ExitReason::kOomKilled);
}

TEST_F(ProcessHistoryTest, an_oom_kill_of_another_process_explains_no_other_end) {
  end_.oom_kills_rose = true;
  killed(SIGSEGV);
  EXPECT_EQ(exit().reason, ExitReason::kSignaled);
  exited(137);
  EXPECT_EQ(exit().reason, ExitReason::kExited);
}

TEST_F(ProcessHistoryTest, usage_is_in_bytes_and_seconds) {
  rusage& usage = end_.usage.emplace();
  usage.ru_maxrss = 2;
  usage.ru_utime = {1, 500000};
  usage.ru_stime = {0, 250000};
  EXPECT_EQ(exit().max_rss_bytes, 2048);
  EXPECT_EQ(exit().user_seconds, 1.5);
  EXPECT_EQ(exit().system_seconds, 0.25);
  EXPECT_EQ(exit().uptime_seconds, 2.5);
}

TEST_F(ProcessHistoryTest, an_unknown_usage_is_not_zero) {
  end_.usage.reset();
  EXPECT_EQ(exit().max_rss_bytes, std::nullopt);
  EXPECT_EQ(exit().user_seconds, std::nullopt);
}

TEST_F(ProcessHistoryTest, the_crash_that_killed_it_is_named) {
  history_.on_event(crash_of(kPid, SIGSEGV, "first"));
  history_.on_event(crash_of(kPid, SIGSEGV, "last"));
  killed(SIGSEGV);
  EXPECT_EQ(exit().crash_id, "last");
}

TEST_F(ProcessHistoryTest, a_handler_may_turn_the_crash_into_an_exit_code) {
  history_.on_event(crash_of(kPid, SIGSEGV, "crash"));
  exited(139);
  EXPECT_EQ(exit().crash_id, "crash");
}

TEST_F(ProcessHistoryTest, a_crash_that_was_survived_is_not_blamed) {
  history_.on_event(crash_of(kPid, SIGSEGV, "crash"));
  exited(0);
  EXPECT_EQ(exit().crash_id, std::nullopt);
  killed(SIGKILL);
  EXPECT_EQ(exit().crash_id, std::nullopt);
}

TEST_F(ProcessHistoryTest, a_crash_that_nothing_could_stop_is_named_whatever_signal_came_first) {
  history_.on_event(fatal_crash("crash"));
  for (const int signal : {SIGKILL, SIGSYS, SIGTERM}) {
    killed(signal);
    EXPECT_EQ(exit().crash_id, "crash");
    EXPECT_EQ(exit().crash_signal, SIGSEGV);
  }
  exited(0);
  EXPECT_EQ(exit().crash_id, std::nullopt);
}

TEST_F(ProcessHistoryTest,
       a_fatal_crash_is_named_though_the_program_once_had_a_handler_of_its_own) {
  history_.on_event(replaced(SIGSEGV));
  history_.on_event(fatal_crash("crash"));
  killed(SIGSYS);
  EXPECT_EQ(exit().crash_id, "crash");
}

TEST_F(ProcessHistoryTest, a_record_that_may_have_been_left_out_is_remembered) {
  killed(SIGSEGV);
  history_.on_event(left_out(0));
  EXPECT_FALSE(exit().record_left_out);
  history_.on_event(left_out(1));
  EXPECT_TRUE(exit().record_left_out);
}

TEST_F(ProcessHistoryTest, of_a_signal_that_leaves_no_record_none_is_left_out) {
  history_.on_event(left_out(1));
  killed(SIGKILL);
  EXPECT_FALSE(exit().record_left_out);
  exited(1);
  EXPECT_FALSE(exit().record_left_out);
}

TEST_F(ProcessHistoryTest, a_childs_crash_is_not_the_programs_own) {
  history_.on_event(crash_of(kPid + 1, SIGSEGV, "child"));
  killed(SIGSEGV);
  EXPECT_EQ(exit().crash_id, std::nullopt);
}

TEST_F(ProcessHistoryTest, a_dump_is_no_crash) {
  history_.on_event(crash_of(kPid, 0, "dump", CrashKind::kDump));
  exited(1);
  EXPECT_EQ(exit().crash_id, std::nullopt);
}

TEST_F(ProcessHistoryTest, a_program_that_replaced_itself_is_described_as_it_was_last_seen) {
  ProcessHistory history(process(kPid, "sh"));
  history.on_event(crash_of(kPid, SIGSEGV, "crash"));
  EXPECT_EQ(history.exit_event(end_, 0).process.name, "python3");
}

TEST_F(ProcessHistoryTest, a_script_is_described_as_the_interpreter_that_it_became) {
  ProcessHistory history(process(kPid, "env"));
  history.on_attach(process(kPid + 1, "child"));
  history.on_attach(process(kPid, "python3"));
  EXPECT_EQ(history.exit_event(end_, 0).process.command, std::vector<std::string>{"python3"});
}

TEST_F(ProcessHistoryTest, the_start_names_the_process) {
  EXPECT_EQ(history_.start_event().process.pid, kPid);
  EXPECT_TRUE(std::holds_alternative<StartEvent>(history_.start_event().body));
}

class UnknownEnd : public testing::Test {
 protected:
  ExitEvent exit() const {
    ChildEnd end{};
    end.is_known = false;
    return std::get<ExitEvent>(history_.exit_event(end, 1).body);
  }

  ProcessHistory history_{process(kPid)};
};

TEST_F(UnknownEnd, is_not_made_up) {
  EXPECT_FALSE(exit().code);
  EXPECT_FALSE(exit().signal);
  EXPECT_EQ(exit().reason, ExitReason::kUnknown);
  EXPECT_FALSE(exit().detail.empty());
}

TEST_F(UnknownEnd, of_one_that_was_bound_to_die_is_that_of_its_crash) {
  history_.on_event(fatal_crash("c0ffee"));
  EXPECT_EQ(exit().signal, SIGSEGV);
  EXPECT_EQ(exit().crash_id, "c0ffee");
}

TEST_F(UnknownEnd, is_not_owed_to_a_crash_that_may_have_been_survived) {
  history_.on_event(crash_of(kPid, SIGSEGV, "c0ffee"));
  EXPECT_FALSE(exit().signal);
  EXPECT_FALSE(exit().crash_id);
}

}  // namespace
}  // namespace pyfault
