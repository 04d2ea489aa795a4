#include "watchdog/loop/readable_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace pyfault {
namespace {

class ReadableFdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    read_end_ = UniqueFd(ends[0]);
    write_end_ = UniqueFd(ends[1]);
  }
  void watch(std::function<void()> callback) {
    watched_.emplace(io_, std::move(read_end_), std::move(callback));
    watched_->start();
  }
  void write_byte() { ASSERT_EQ(::write(write_end_.get(), "x", 1), 1); }

  boost::asio::io_context io_;
  UniqueFd read_end_;
  UniqueFd write_end_;
  std::optional<ReadableFd> watched_;
  int calls_ = 0;
};

TEST_F(ReadableFdTest, calls_back_again_while_there_is_something_to_read) {
  watch([this] {
    if (++calls_ == 3) watched_->stop();
  });
  write_byte();
  io_.run();
  EXPECT_EQ(calls_, 3);
}

TEST_F(ReadableFdTest, does_not_call_back_with_nothing_to_read) {
  watch([this] { ++calls_; });
  io_.poll();
  EXPECT_EQ(calls_, 0);
}

TEST_F(ReadableFdTest, may_be_destroyed_by_its_own_callback) {
  watch([this] {
    ++calls_;
    watched_.reset();
  });
  write_byte();
  io_.run();
  EXPECT_EQ(calls_, 1);
}

// Both descriptors are readable in the same turn of the event loop, and the handler that runs first
// closes the other one. A new descriptor is registered right after that: it must not receive the
// event that was meant for the closed one.
TEST_F(ReadableFdTest, takes_no_event_of_one_that_was_closed_for_its_own) {
  std::array<int, 2> quiet{};
  ASSERT_EQ(pipe2(quiet.data(), O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd quiet_write_end(quiet[1]);
  std::optional<ReadableFd> other;
  std::optional<ReadableFd> successor;
  const auto replace = [&](std::optional<ReadableFd>& closed) {
    closed.reset();
    if (successor) return;
    successor.emplace(io_, UniqueFd(quiet[0]), [this] { ++calls_; });
    successor->start();
  };
  const UniqueFd copy(::fcntl(read_end_.get(), F_DUPFD_CLOEXEC, 0));
  other.emplace(io_, UniqueFd(::fcntl(copy.get(), F_DUPFD_CLOEXEC, 0)), [&] { replace(watched_); });
  other->start();
  watch([&] { replace(other); });
  write_byte();
  for (int turn = 0; turn < 20; ++turn) io_.poll_one();
  EXPECT_TRUE(successor);
  EXPECT_EQ(calls_, 0);
}

TEST_F(ReadableFdTest, is_silent_once_destroyed) {
  watch([this] { ++calls_; });
  write_byte();
  watched_.reset();
  io_.run();
  EXPECT_EQ(calls_, 0);
}

TEST_F(ReadableFdTest, starts_again_after_a_stop) {
  watch([this] {
    ++calls_;
    watched_->stop();
  });
  write_byte();
  io_.run();
  watched_->start();
  io_.restart();
  io_.run();
  EXPECT_EQ(calls_, 2);
}

}  // namespace
}  // namespace pyfault
