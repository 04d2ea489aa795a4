#include "watchdog/service/status_text.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace pyfault {
namespace {

using std::chrono::milliseconds;

TEST(StatusText, all_up) {
  const std::array workers{NamedState{"web", "up", {}}};
  EXPECT_EQ(status_text(workers), "1/1 workers");
}

TEST(StatusText, names_those_that_are_not) {
  const std::array workers{NamedState{"web#1", "up", {}},
                           NamedState{"web#2", "backoff", milliseconds(7100)},
                           NamedState{"queue", "waiting", {}}};
  EXPECT_EQ(status_text(workers), "1/3 workers, web#2 backoff 8s, queue waiting");
}

TEST(StatusText, names_a_few_and_counts_the_rest) {
  const std::vector workers(7, NamedState{"w", "failed", {}});
  EXPECT_EQ(status_text(workers),
            "0/7 workers, w failed, w failed, w failed, w failed, w failed, 2 more");
}

}  // namespace
}  // namespace pyfault
