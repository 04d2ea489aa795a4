// The service with real workers: each death must lead to the right decision on whether there is
// another life.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <iterator>

#include "tests/e2e/service_fixture.h"
#include "tests/e2e/service_workers.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

constexpr char kCrashes[] = R"(
import ctypes
def crash():
    ctypes.memset(0, 1, 1)
print("about to crash", flush=True)
crash()
)";

// stdout is buffered, so its text follows the traceback.
constexpr char kRaises[] = R"(
print("about to fail")
def load():
    raise ValueError("no such table")
try:
    {}["users"]
except KeyError as error:
    load()
)";

class ServiceCrash : public ServiceTest, public testing::WithParamInterface<Interpreter> {
 protected:
  ServiceCrash() : ServiceTest(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(E2e, ServiceCrash, testing::ValuesIn(interpreters()),
                         [](const auto& each) { return test_name(each.param); });

TEST_P(ServiceCrash, is_reported_with_the_workers_name_and_the_worker_is_started_again) {
  one_worker(kCrashes, kQuickRetries);
  start();
  const json crash = await("crash").front();
  EXPECT_EQ(crash["worker"], "web");
  EXPECT_EQ(crash["signal"]["name"], "SIGSEGV");
  EXPECT_THAT(crash["threads"][0]["frames"].dump(), HasSubstr("crash"));
  EXPECT_EQ(crash["output_tail"], "about to crash\n");
  const json exit = await("exit").front();
  EXPECT_EQ(exit["worker"], "web");
  EXPECT_EQ(exit["crash"], crash["id"]);
  EXPECT_EQ(exit["reason"], "signaled");
  EXPECT_EQ(exit["after"]["decision"], "restart");
  EXPECT_NE(await("start", 2)[1]["process"]["pid"], exit["process"]["pid"]);
  EXPECT_EQ(await("restart").front()["restarts"], 1);
}

TEST_P(ServiceCrash, an_exception_that_ends_a_worker_is_told) {
  one_worker(kRaises, kQuickRetries);
  start();
  const json exit = await("exit").front();
  EXPECT_EQ(exit["exit"]["code"], 1);
  EXPECT_EQ(exit["exception"]["type"], "ValueError");
  EXPECT_EQ(exit["exception"]["message"], "no such table");
  const std::string traceback = exit["exception"]["traceback"];
  EXPECT_THAT(traceback, HasSubstr("KeyError: 'users'"));
  EXPECT_THAT(traceback, EndsWith("\nValueError: no such table"));
  EXPECT_THAT(exit["output_tail"].get<std::string>(), HasSubstr("about to fail\n"));
  EXPECT_EQ(exit["fingerprint"], await("exit", 2)[1]["fingerprint"]);
}

TEST_F(ServiceTest, a_loop_of_the_same_exception_is_known_as_one) {
  one_worker(kRaises, std::string(kQuickRetries) + kReadyMuchLater);
  start();
  const json loop = await("crash-loop").front();
  EXPECT_EQ(loop["fingerprints"], json::array({events("exit").front()["fingerprint"]}));
  EXPECT_EQ(loop["unexplained"], 0);
  EXPECT_EQ(loop["exception"]["type"], "ValueError");
}

TEST_F(ServiceTest, a_worker_that_gives_up_in_its_own_words_is_quoted) {
  one_worker("import sys; sys.exit('no configuration')", kQuickRetries);
  start();
  const json exit = await("exit").front();
  EXPECT_TRUE(exit["exception"].is_null());
  EXPECT_EQ(exit["output_tail"], "no configuration\n");
}

TEST_F(ServiceTest, the_same_crash_again_and_again_is_told_in_full_three_times_and_then_counted) {
  one_worker(kCrashes, kQuickRetries);
  start();
  const auto crashes = await("crash", 5);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(crashes[i]["threads"].empty());
  EXPECT_EQ(crashes[4]["occurrence"], 5);
  EXPECT_TRUE(crashes[4]["abridged"]);
  EXPECT_TRUE(crashes[4]["threads"].empty());
}

TEST_F(ServiceTest, a_crash_loop_is_summed_up_once_and_retried) {
  one_worker(kCrashes, std::string(kQuickRetries) + kReadyMuchLater);
  start();
  const json loop = await("crash-loop").front();
  EXPECT_EQ(loop["failures"], 3);
  EXPECT_EQ(loop["ever_ready"], false);
  EXPECT_EQ(loop["fingerprints"].size(), 1u);
  await("start", 7);
  EXPECT_EQ(events("crash-loop").size(), 1u);
}

TEST_F(ServiceTest, a_crash_loop_can_be_given_up) {
  one_worker(kCrashes,
             std::string(kQuickRetries) + kReadyMuchLater + "crash_loop = { then = \"give-up\" }");
  start();
  await("crash-loop");
  EXPECT_EQ(events("start").size(), 3u);
  EXPECT_EQ(events("exit")[2]["after"]["decision"], "give-up");
}

TEST_F(ServiceTest, a_worker_that_ends_well_stays_down) {
  one_worker("print('done')");
  start();
  const json exit = await("exit").front();
  EXPECT_EQ(exit["exit"]["code"], 0);
  EXPECT_EQ(exit["reason"], "exited");
  EXPECT_EQ(exit["after"]["decision"], "stay-down");
}

TEST_F(ServiceTest, a_failure_is_retried_after_the_delay_of_the_configuration) {
  one_worker("import sys; sys.exit(3)", "backoff = { initial = 0.1, jitter = 0.1 }");
  start();
  const json exit = await("exit").front();
  EXPECT_EQ(exit["exit"]["code"], 3);
  EXPECT_NEAR(exit["after"]["delay_seconds"].get<double>(), 0.1, 0.011);
  await("start", 2);
}

TEST_F(ServiceTest, a_worker_that_was_killed_is_told_from_one_that_crashed) {
  one_worker(kServes, kQuickRetries);
  start();
  ::kill(await("start").front()["process"]["pid"], SIGKILL);
  const json exit = await("exit").front();
  EXPECT_EQ(exit["exit"]["signal"], "SIGKILL");
  EXPECT_TRUE(exit["crash"].is_null());
  await("start", 2);
}

TEST_F(ServiceTest, a_start_that_fails_is_retried_with_patience) {
  one_worker("import os, sys; os.remove('worker.py'); sys.exit(1)",
             "backoff = { initial = 0.2, factor = 100, max = 60 }");
  start();
  const auto exits = await("exit", 2);
  EXPECT_EQ(exits[1]["reason"], "start-failed");
  EXPECT_EQ(exits[1]["exit"]["code"], 127);
  EXPECT_THAT(exits[1]["detail"].get<std::string>(), HasSubstr("no such file"));
  EXPECT_GT(exits[1]["after"]["delay_seconds"], 10);
}

TEST_F(ServiceTest, many_lives_leave_nothing_behind) {
  one_worker("import sys; sys.exit(1)",
             "backoff = { initial = 0, max = 0.001 }\n" + std::string(kReadyMuchLater));
  start();
  const auto descriptors = [&] {
    const auto folder = "/proc/" + std::to_string(service().pid()) + "/fd";
    return std::distance(std::filesystem::directory_iterator(folder), {});
  };
  await("start", 5);
  const auto early = descriptors();
  await("start", 60);
  EXPECT_NEAR(static_cast<double>(descriptors()), static_cast<double>(early), 12);
  EXPECT_EQ(events("crash-loop").size(), 1u);
}

}  // namespace
}  // namespace pyfault::test
