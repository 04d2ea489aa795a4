#include "watchdog/supervise/agent_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pyfault {
namespace {

using testing::ElementsAre;

std::vector<std::string> watched(std::vector<const char*> environment) {
  environment.push_back(nullptr);
  return watched_environment(environment.data(), "/agent.so", "@socket");
}

TEST(WatchedEnvironmentTest, two_variables_are_added_and_the_rest_is_kept_in_order) {
  EXPECT_THAT(
      watched({"B=2", "A=1", "B=3", "odd"}),
      ElementsAre("B=2", "A=1", "B=3", "odd", "LD_PRELOAD=/agent.so", "PYFAULT_SOCKET=@socket"));
}

TEST(WatchedEnvironmentTest, earlier_preloads_come_after_the_agent) {
  EXPECT_THAT(watched({"LD_PRELOAD=/a.so:/b.so"}),
              ElementsAre("LD_PRELOAD=/agent.so:/a.so:/b.so", "PYFAULT_SOCKET=@socket"));
}

TEST(WatchedEnvironmentTest, the_runtime_of_a_sanitizer_stays_in_front) {
  EXPECT_THAT(watched({"LD_PRELOAD=/a.so /usr/lib/libasan.so.8:/b/libclang_rt.tsan-x86_64.so"}),
              ElementsAre("LD_PRELOAD=/usr/lib/libasan.so.8:/b/libclang_rt.tsan-x86_64.so:"
                          "/agent.so:/a.so",
                          "PYFAULT_SOCKET=@socket"));
}

TEST(WatchedEnvironmentTest, an_empty_preload_leaves_no_colon) {
  EXPECT_THAT(watched({"LD_PRELOAD="}),
              ElementsAre("LD_PRELOAD=/agent.so", "PYFAULT_SOCKET=@socket"));
}

TEST(WatchedEnvironmentTest, the_socket_of_an_outer_watchdog_is_replaced) {
  EXPECT_THAT(
      watched({"PYFAULT_SOCKET=@outer", "PYFAULT_SOCKETS=kept"}),
      ElementsAre("PYFAULT_SOCKETS=kept", "LD_PRELOAD=/agent.so", "PYFAULT_SOCKET=@socket"));
}

}  // namespace
}  // namespace pyfault
