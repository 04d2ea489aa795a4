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
  // Each test has a time of its own, long after that of the one before.
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

TEST_F(StderrTail, IsWhatTheThreadSaidWithoutTheLastNewline) {
  say("one\n");
  say("two\n");
  EXPECT_EQ(heard(), "one\ntwo");
}

TEST_F(StderrTail, IsNoOlderThanASecond) {
  say("old\n");
  now_ns_ += 2 * kSecond;
  say("new\n");
  EXPECT_EQ(heard(), "new");
  now_ns_ += 2 * kSecond;
  EXPECT_EQ(heard(), "");
}

TEST_F(StderrTail, ForgetsLittleByLittleOfOneThatNeverPauses) {
  for (int i = 0; i < 30; ++i) {
    say(std::to_string(i) + " ");
    now_ns_ += kSecond / 10;
  }
  EXPECT_EQ(heard().substr(0, 3), "20 ");
}

TEST_F(StderrTail, KeepsTheEndOfWhatIsTooLong) {
  say(std::string(3 * kMaxStderrTail, 'x') + "end");
  EXPECT_EQ(heard().size(), kMaxStderrTail);
  EXPECT_TRUE(heard().ends_with("xend"));
}

TEST_F(StderrTail, OfAnotherThreadCountsWhereThereIsNoneOfTheOwn) {
  say_in_another_thread("from the logger\n");
  EXPECT_EQ(heard(), "from the logger");
  say("own\n");
  EXPECT_EQ(heard(), "own");
}

TEST_F(StderrTail, OfTheLatestThreadIsKeptHoweverManyThereAre) {
  for (int i = 0; i < 20; ++i) {
    now_ns_ += 1;
    say_in_another_thread("noise\n");
  }
  say("own\n");
  EXPECT_EQ(heard(), "own");
}

TEST_F(StderrTail, IsReadSafelyWhileItsThreadWrites) {
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
