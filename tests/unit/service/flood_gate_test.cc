// No user's guests may fill the logs of all others.
#include "watchdog/service/flood_gate.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using std::chrono::seconds;

constexpr uid_t kAlice = 1000;
constexpr uid_t kMallory = 1001;

class FloodGateTest : public testing::Test {
 protected:
  FloodGate gate_{{.burst = 2, .interval = seconds(1), .group = 1}};
  RateLimiter::Time now_{};
};

TEST_F(FloodGateTest, a_flood_of_one_user_does_not_touch_another) {
  for (int i = 0; i < 100; ++i) gate_.on_event(kMallory, now_);
  EXPECT_FALSE(gate_.on_event(kMallory, now_).is_admitted);
  EXPECT_TRUE(gate_.on_event(kAlice, now_).is_admitted);
}

TEST_F(FloodGateTest, that_it_begins_to_refuse_is_said_once) {
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(gate_.on_event(kMallory, now_).begins_to_refuse);
  EXPECT_TRUE(gate_.on_event(kMallory, now_).begins_to_refuse);
  EXPECT_FALSE(gate_.on_event(kMallory, now_).begins_to_refuse);
}

TEST_F(FloodGateTest, what_was_refused_is_counted_when_there_is_room_again) {
  for (int i = 0; i < 5; ++i) gate_.on_event(kMallory, now_);
  const auto verdict = gate_.on_event(kMallory, now_ + seconds(1));
  EXPECT_TRUE(verdict.is_admitted);
  EXPECT_EQ(verdict.refused_before, 3U);
}

TEST_F(FloodGateTest, the_unknown_user_is_one_as_well) {
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(gate_.on_event(std::nullopt, now_).is_admitted);
  EXPECT_FALSE(gate_.on_event(std::nullopt, now_).is_admitted);
}

// Users are remembered while they are refused, and other users cannot push them out.
TEST_F(FloodGateTest, who_is_refused_is_not_forgotten_for_many_others) {
  for (int i = 0; i < 3; ++i) gate_.on_event(kMallory, now_);
  for (uid_t user = 10'000; user < 15'000; ++user) gate_.on_event(user, now_);
  EXPECT_FALSE(gate_.on_event(kMallory, now_).is_admitted);
}

}  // namespace
}  // namespace pyfault
