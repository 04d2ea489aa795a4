#include "watchdog/service/status_text.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace pyfault {
namespace {

class StatusText : public testing::Test {
 protected:
  void add(const std::string& name, WorkerState state) {
    WorkerConfig& config = configs_.emplace_back();
    config.name = name;
    workers_.push_back({config, history_, state});
  }
  std::string text() const { return status_text(workers_); }

  WorkerHistory history_;
  std::deque<WorkerConfig> configs_;
  std::vector<WorkerSnapshot> workers_;
};

TEST_F(StatusText, all_up) {
  add("web", WorkerState::kUp);
  EXPECT_EQ(text(), "1/1 workers");
}

TEST_F(StatusText, names_those_that_are_not) {
  add("web#1", WorkerState::kUp);
  add("web#2", WorkerState::kBackoff);
  workers_.back().retry_in_seconds = 7.1;
  add("queue", WorkerState::kStopped);
  workers_.back().in_transition = true;
  EXPECT_EQ(text(), "1/3 workers, web#2 backoff 8s, queue waiting");
}

TEST_F(StatusText, names_a_few_and_counts_the_rest) {
  for (int count = 0; count < 7; ++count) add("w", WorkerState::kFailed);
  EXPECT_EQ(text(), "0/7 workers, w failed, w failed, w failed, w failed, w failed, 2 more");
}

}  // namespace
}  // namespace pyfault
