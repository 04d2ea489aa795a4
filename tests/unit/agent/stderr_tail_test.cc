#include "agent/in_signal/stderr_tail.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "agent/in_signal/system_calls.h"

namespace pyfault::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class StderrTail : public ::testing::Test {
 protected:
  // Each test runs at a time of its own, long after that of the previous test, because the
  // remembered text is shared by the whole process.
  StderrTail() : now_ns_(1000 * kSecond * ++tests_) {}

  void say(std::string_view text) { remember_stderr(text.data(), text.size(), now_ns_); }
  void say_in_another_thread(std::string_view text) {
    std::thread([&] { say(text); }).join();
  }
  std::string heard() {
    char text[kMaxStderrTail + 1];
    return find_stderr_tail(thread_pointer(), now_ns_, text) ? text : "";
  }

  static inline int tests_ = 0;
  std::int64_t now_ns_;
};

TEST_F(StderrTail, is_what_the_thread_said_without_the_last_newline) {
  say("one\n");
  say("two\n");
  EXPECT_EQ(heard(), "one\ntwo");
}

TEST_F(StderrTail, is_no_older_than_a_second) {
  say("old\n");
  now_ns_ += 2 * kSecond;
  say("new\n");
  EXPECT_EQ(heard(), "new");
  now_ns_ += 2 * kSecond;
  EXPECT_EQ(heard(), "");
}

TEST_F(StderrTail, forgets_little_by_little_of_one_that_never_pauses) {
  for (int i = 0; i < 30; ++i) {
    say(std::to_string(i) + " ");
    now_ns_ += kSecond / 10;
  }
  EXPECT_EQ(heard().substr(0, 3), "20 ");
}

TEST_F(StderrTail, keeps_the_end_of_what_is_too_long) {
  say(std::string(3 * kMaxStderrTail, 'x') + "end");
  EXPECT_EQ(heard().size(), kMaxStderrTail);
  EXPECT_TRUE(heard().ends_with("xend"));
}

TEST_F(StderrTail, of_another_thread_counts_where_there_is_none_of_the_own) {
  say_in_another_thread("from the logger\n");
  EXPECT_EQ(heard(), "from the logger");
  say("own\n");
  EXPECT_EQ(heard(), "own");
}

TEST_F(StderrTail, of_the_latest_thread_is_kept_however_many_there_are) {
  for (int i = 0; i < 20; ++i) {
    now_ns_ += 1;
    say_in_another_thread("noise\n");
  }
  say("own\n");
  EXPECT_EQ(heard(), "own");
}

TEST_F(StderrTail, is_read_safely_while_its_thread_writes) {
  const std::string much(1 << 20, 'x');
  std::atomic<bool> done{false};
  std::thread writer([&] {
    while (!done.load()) say(much);
  });
  for (int i = 0; i < 2000; ++i) ASSERT_LE(heard().size(), kMaxStderrTail);
  done.store(true);
  writer.join();
}

}  // namespace
}  // namespace pyfault::test
