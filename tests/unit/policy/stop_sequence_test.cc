#include "watchdog/policy/stop_sequence.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using namespace std::chrono_literals;

TEST(StopSequence, asks_waits_dumps_and_kills_until_it_is_dead) {
  StopSequence stop(30s);
  const StopPhase first = stop.next();
  EXPECT_EQ(first.step, StopStep::kAsk);
  EXPECT_EQ(first.limit, 30s);
  EXPECT_EQ(stop.next().step, StopStep::kDump);
  for (int again = 0; again < 3; ++again) EXPECT_EQ(stop.next().step, StopStep::kKill);
}

}  // namespace
}  // namespace pyfault
