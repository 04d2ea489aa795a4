// The memory of crashes must not grow, and must not tell anybody what is not theirs to know.
#include "watchdog/ingest/recent_crashes.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/ingest/crash_events.h"
#include "watchdog/event/event_size.h"

namespace pyfault {
namespace {

using test::crash_of;

class RecentCrashesTest : public ::testing::Test {
 protected:
  static constexpr uid_t kUser = 1000;
  static constexpr uid_t kOther = 1001;
  static constexpr uid_t kRoot = 0;

  RecentCrashesTest() { renderings = 0; }

  static std::string json_of(const Event& event) {
    ++renderings;
    return std::get<Crash>(event.body).id + "@" + event.host + "/" + event.worker.value_or("-");
  }
  static std::string text_of(const Event& event) {
    return std::to_string(std::get<Crash>(event.body).threads.size()) + " threads";
  }

  std::string event_of(int pid, uid_t asker = kUser) {
    const auto number = crashes_.last_of(pid, asker);
    return number ? crashes_.text(*number)->event : "";
  }
  std::string report_of(int pid) { return crashes_.text(*crashes_.last_of(pid, kUser))->report; }

  static std::string command_of(const Event& event) {
    std::string command;
    for (const std::string& word : event.process.command) command += word + " ";
    return command;
  }

  static inline int renderings = 0;
  RecentCrashes crashes_{&json_of, &text_of, {"vm", "web"}, {3, 1'000'000}};
};

TEST_F(RecentCrashesTest, tells_the_last_crash_of_a_process) {
  crashes_.on_event(crash_of(7, "first", kUser));
  crashes_.on_event(crash_of(8, "other", kUser));
  crashes_.on_event(crash_of(7, "last", kUser));
  EXPECT_EQ(event_of(7), "last@vm/web");
  EXPECT_EQ(event_of(8), "other@vm/web");
  EXPECT_EQ(event_of(9), "");
}

TEST_F(RecentCrashesTest, tells_the_last_of_all) {
  EXPECT_FALSE(crashes_.last(kUser));
  crashes_.on_event(crash_of(7, "first", kUser));
  crashes_.on_event(crash_of(8, "last", kUser));
  EXPECT_EQ(crashes_.text(*crashes_.last(kUser))->pid, 8);
}

TEST_F(RecentCrashesTest, what_is_saved_is_told_by_the_next_watchdog_to_the_same_users) {
  crashes_.on_event(crash_of(7, "first", kUser));
  crashes_.on_event(crash_of(8, "of-another", kOther));
  RecentCrashes next(&json_of, &text_of);
  next.adopt(crashes_.saved({}));
  EXPECT_EQ(next.text(*next.last(kUser))->event, "first@vm/web");
  EXPECT_EQ(next.text(*next.last_of(7, kUser))->report, report_of(7));
  EXPECT_FALSE(next.last_of(8, kUser));
  EXPECT_TRUE(next.last_of(8, kOther));
  EXPECT_FALSE(next.awaits_any());
}

TEST_F(RecentCrashesTest, of_many_the_last_are_saved) {
  for (const char* id : {"one", "two", "six"}) crashes_.on_event(crash_of(7, id, kUser));
  const auto few = crashes_.saved({.crashes = 2});
  ASSERT_EQ(few.size(), 2U);
  EXPECT_EQ(few[0].id, "two");
  EXPECT_EQ(few[1].id, "six");
  const std::size_t one = few[1].event.size() + few[1].report.size();
  EXPECT_EQ(crashes_.saved({.bytes = one}).size(), 1U);
  EXPECT_EQ(crashes_.saved({.bytes = one - 1}).size(), 0U);
}

TEST_F(RecentCrashesTest, those_of_a_previous_watchdog_are_forgotten_first) {
  RecentCrashes next(&json_of, &text_of, {}, {.crashes = 2});
  crashes_.on_event(crash_of(7, "old", kUser));
  next.adopt(crashes_.saved({}));
  for (const int pid : {8, 9}) next.on_event(crash_of(pid, "new" + std::to_string(pid), kUser));
  EXPECT_FALSE(next.last_of(7, kUser));
  EXPECT_TRUE(next.last_of(8, kUser));
}

TEST_F(RecentCrashesTest, a_dump_is_no_crash) {
  Event dump = crash_of(7, "dump", kUser);
  std::get<Crash>(dump.body).kind = CrashKind::kDump;
  crashes_.announce(dump);
  crashes_.on_event(dump);
  EXPECT_FALSE(crashes_.knows(7));
}

TEST_F(RecentCrashesTest, a_user_is_told_of_their_own_crashes_and_root_of_all) {
  crashes_.on_event(crash_of(7, "id", kUser));
  EXPECT_NE(event_of(7, kUser), "");
  EXPECT_NE(event_of(7, kRoot), "");
  EXPECT_EQ(event_of(7, kOther), "");
  EXPECT_FALSE(crashes_.last(kOther));
}

TEST_F(RecentCrashesTest, a_crash_of_an_unknown_user_is_told_to_root_alone) {
  Event event = crash_of(7, "id");
  event.process.uid.reset();
  crashes_.on_event(event);
  EXPECT_EQ(event_of(7, kUser), "");
  EXPECT_NE(event_of(7, kRoot), "");
}

TEST_F(RecentCrashesTest, a_forged_number_does_not_mislead_root) {
  Event forged = crash_of(7, "id", kUser);
  forged.process.claimed_pid = 7;
  crashes_.on_event(forged);
  EXPECT_EQ(event_of(7, kRoot), "");
  EXPECT_NE(event_of(7, kUser), "");
}

TEST_F(RecentCrashesTest, the_oldest_is_forgotten_and_counted) {
  for (int pid = 1; pid <= 5; ++pid) crashes_.on_event(crash_of(pid, std::to_string(pid), kUser));
  EXPECT_EQ(crashes_.forgotten(), 2U);
  EXPECT_FALSE(crashes_.knows(2));
  EXPECT_EQ(event_of(3), "3@vm/web");
}

TEST_F(RecentCrashesTest, a_user_with_many_crashes_pushes_out_none_of_another) {
  crashes_.on_event(crash_of(7, "of-another", kOther));
  for (int pid = 1; pid <= 5; ++pid) crashes_.on_event(crash_of(pid, std::to_string(pid), kUser));
  EXPECT_NE(event_of(7, kOther), "");
  EXPECT_EQ(event_of(3), "");
  EXPECT_NE(event_of(4), "");
  EXPECT_EQ(crashes_.forgotten(), 3U);
}

TEST_F(RecentCrashesTest, a_user_with_large_crashes_pushes_out_none_of_another) {
  const Event one = crash_of(7, "of-another", kOther);
  RecentCrashes small(&json_of, &text_of, {}, {100, 3 * approximate_size(one)});
  small.on_event(one);
  for (int pid = 1; pid <= 5; ++pid) small.on_event(crash_of(pid, std::to_string(pid), kUser));
  EXPECT_TRUE(small.last_of(7, kOther));
  EXPECT_FALSE(small.last_of(2, kUser));
  EXPECT_TRUE(small.last_of(3, kUser));
}

TEST_F(RecentCrashesTest, a_single_crash_of_any_size_pushes_out_no_other) {
  const Event first = crash_of(7, "first", kUser);
  RecentCrashes small(&json_of, &text_of, {}, {100, approximate_size(first)});
  small.on_event(first);
  small.on_event(crash_of(8, "last", kOther));
  EXPECT_TRUE(small.knows(7));
}

TEST_F(RecentCrashesTest, among_users_with_as_many_the_oldest_is_forgotten) {
  crashes_.on_event(crash_of(7, "oldest", kOther));
  for (const uid_t user : {kUser, kRoot, 1002U}) {
    crashes_.on_event(crash_of(8, "of " + std::to_string(user), user));
  }
  EXPECT_FALSE(crashes_.knows(7));
}

TEST_F(RecentCrashesTest, crashes_are_bounded_in_bytes_too_but_the_last_one_stays) {
  RecentCrashes small(&json_of, &text_of, {}, {100, 1});
  for (int pid = 1; pid <= 3; ++pid) small.on_event(crash_of(pid, std::to_string(pid), kUser));
  EXPECT_FALSE(small.knows(1));
  EXPECT_TRUE(small.knows(3));
}

TEST_F(RecentCrashesTest, what_was_forgotten_while_it_was_to_be_told_is_not_told) {
  crashes_.on_event(crash_of(7, "id", kUser));
  const auto number = crashes_.last_of(7, kUser);
  for (int pid = 1; pid <= 3; ++pid) crashes_.on_event(crash_of(pid, std::to_string(pid), kUser));
  EXPECT_EQ(crashes_.text(*number), nullptr);
  EXPECT_EQ(crashes_.text(*number + 100), nullptr);
}

TEST_F(RecentCrashesTest, a_crash_is_rendered_once_however_often_it_is_asked_for) {
  crashes_.on_event(crash_of(7, "id", kUser));
  for (int i = 0; i < 10; ++i) event_of(7);
  EXPECT_EQ(renderings, 1);
}

TEST_F(RecentCrashesTest, an_announced_crash_is_awaited_until_it_is_known_as_a_whole) {
  crashes_.announce(crash_of(7, "id", kUser));
  EXPECT_TRUE(crashes_.awaits(7));
  EXPECT_FALSE(crashes_.awaits(8));
  EXPECT_TRUE(crashes_.awaits_any());
  crashes_.on_event(crash_of(7, "id", kUser));
  EXPECT_FALSE(crashes_.awaits_any());
  EXPECT_EQ(event_of(7), "id@vm/web");
}

TEST_F(RecentCrashesTest, an_announced_crash_can_be_told_and_is_replaced_by_what_the_logs_get) {
  crashes_.announce(crash_of(7, "id", kUser));
  EXPECT_EQ(report_of(7), "1 threads");
  Event whole = crash_of(7, "id", kUser);
  std::get<Crash>(whole.body).threads.emplace_back();
  crashes_.on_event(whole);
  EXPECT_EQ(report_of(7), "2 threads");
}

TEST_F(RecentCrashesTest, a_crash_that_is_abridged_for_the_logs_is_told_in_full) {
  crashes_.announce(crash_of(7, "id", kUser));
  Event abridged = crash_of(7, "id", kUser);
  std::get<Crash>(abridged.body).threads.clear();
  abridged.worker_crash = {.occurrence = 5, .abridged = true, .parents = {}};
  crashes_.on_event(abridged);
  EXPECT_EQ(report_of(7), "1 threads");
  EXPECT_FALSE(crashes_.awaits(7));
}

TEST_F(RecentCrashesTest, what_was_announced_is_told_without_its_secrets) {
  RecentCrashes crashes(&command_of, &text_of);
  Event crash = crash_of(7, "id", kUser);
  crash.process.command = {"app", "--password", "x"};
  crashes.announce(crash);
  EXPECT_EQ(crashes.text(*crashes.last(kUser))->event, "app --password [redacted] ");
}

TEST_F(RecentCrashesTest, a_report_of_the_logs_is_not_held_up_by_the_memory) {
  auto receipt = std::make_shared<int>();
  Event event = crash_of(7, "id", kUser);
  event.receipt = receipt;
  crashes_.announce(event);
  crashes_.on_event(std::move(event));
  EXPECT_EQ(receipt.use_count(), 1);
}

TEST_F(RecentCrashesTest, news_is_told_as_long_as_somebody_listens) {
  int news = 0;
  auto listener = std::make_shared<const RecentCrashes::OnNews>([&] { ++news; });
  crashes_.on_news(listener);
  crashes_.on_event(crash_of(7, "id", kUser));
  listener.reset();
  crashes_.on_event(crash_of(7, "other", kUser));
  EXPECT_EQ(news, 1);
}

}  // namespace
}  // namespace pyfault
