#include "watchdog/loop/deferred.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

namespace pyfault {
namespace {

class DeferredTest : public ::testing::Test {
 protected:
  void defer(std::function<void()> task) { deferred_.emplace(io_, std::move(task)); }

  boost::asio::io_context io_;
  std::optional<Deferred> deferred_;
  int runs_ = 0;
};

TEST_F(DeferredTest, runs_nothing_without_a_request) {
  defer([this] { ++runs_; });
  io_.run();
  EXPECT_EQ(runs_, 0);
}

TEST_F(DeferredTest, does_not_run_within_the_request) {
  defer([this] { ++runs_; });
  deferred_->request();
  EXPECT_EQ(runs_, 0);
  io_.run();
  EXPECT_EQ(runs_, 1);
}

TEST_F(DeferredTest, runs_once_for_several_requests) {
  defer([this] { ++runs_; });
  deferred_->request();
  deferred_->request();
  io_.run();
  EXPECT_EQ(runs_, 1);
}

TEST_F(DeferredTest, runs_again_for_a_request_after_it_has_run) {
  defer([this] { ++runs_; });
  deferred_->request();
  io_.run();
  deferred_->request();
  io_.restart();
  io_.run();
  EXPECT_EQ(runs_, 2);
}

TEST_F(DeferredTest, requested_within_its_task) {
  defer([this] {
    if (++runs_ == 1) deferred_->request();
    EXPECT_LE(runs_, 2);
  });
  deferred_->request();
  io_.run();
  EXPECT_EQ(runs_, 2);
}

TEST_F(DeferredTest, destroyed_with_a_request_waiting) {
  defer([this] { ++runs_; });
  deferred_->request();
  deferred_.reset();
  io_.run();
  EXPECT_EQ(runs_, 0);
}

// What the task has captured must stay alive until the task returns.
TEST_F(DeferredTest, destroyed_within_its_task) {
  std::string seen;
  defer([this, &seen, text = std::string("longer than it is short")] {
    deferred_.reset();
    seen = text;
  });
  deferred_->request();
  io_.run();
  EXPECT_EQ(seen, "longer than it is short");
}

TEST(RunLaterTest, runs_in_the_order_of_the_calls_and_not_within_them) {
  boost::asio::io_context io;
  std::string order;
  run_later(io, [&] { order += "a"; });
  run_later(io, [&] { order += "b"; });
  EXPECT_EQ(order, "");
  io.run();
  EXPECT_EQ(order, "ab");
}

}  // namespace
}  // namespace pyfault
