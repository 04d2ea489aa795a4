#include "watchdog/service/status_text.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace pyfault {
namespace {

using std::chrono::milliseconds;

TEST(StatusText, all_up) {
  const std::array workers{NamedState{"web", WorkerState::kUp, {}}};
  EXPECT_EQ(status_text(workers), "1/1 workers");
}

TEST(StatusText, names_those_that_are_not) {
  const std::array workers{NamedState{"web#1", WorkerState::kUp, {}},
                           NamedState{"web#2", WorkerState::kBackoff, milliseconds(7100)},
                           NamedState{"queue", WorkerState::kStarting, milliseconds(99)}};
  EXPECT_EQ(status_text(workers), "1/3 workers, web#2 backoff 8s, queue starting");
}

TEST(StatusText, names_a_few_and_counts_the_rest) {
  const std::vector workers(7, NamedState{"w", WorkerState::kFailed, {}});
  EXPECT_EQ(status_text(workers),
            "0/7 workers, w failed, w failed, w failed, w failed, w failed, 2 more");
}

}  // namespace
}  // namespace pyfault
