#include "watchdog/control/reply.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace pyfault {
namespace {

WorkerStatus a_worker() {
  WorkerStatus worker;
  worker.name = "web#1";
  worker.state = "backoff";
  worker.retry_in_seconds = 7.5;
  worker.restarts = 3;
  worker.last_exit = LastExit{1795419610'250000000, std::nullopt, "SIGSEGV", "signaled"};
  worker.last_crash = LastCrash{1795419610'200000000, "c0ffee", "SIGSEGV"};
  return worker;
}

template <typename Reply_>
Reply_ there_and_back(const Reply_& reply) {
  const std::string line = reply_line(reply);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return std::get<Reply_>(parse_reply(line));
}

TEST(Reply, the_status_of_a_worker_loses_nothing_on_the_way) {
  WorkerStatus runs = a_worker();
  runs.pid = 4711;
  runs.uptime_seconds = 12.25;
  runs.rss_bytes = 1 << 20;
  const Status status = there_and_back(Status{{1, 2.5, "/etc/x.toml"}, {a_worker(), runs}});
  EXPECT_EQ(status.service.configuration, "/etc/x.toml");
  EXPECT_THAT(status.workers, testing::ElementsAre(a_worker(), runs));
}

TEST(Reply, guests_are_counted_if_any_are_taken) {
  Status status;
  EXPECT_FALSE(there_and_back(status).service.guests);
  status.service.guests = GuestStatus{"@/run/x/y.43", 3};
  EXPECT_EQ(there_and_back(status).service.guests, status.service.guests);
}

TEST(Reply, an_outcome) {
  const CommandResult outcome{"web", false, "has failed: exit code 3"};
  EXPECT_EQ(there_and_back(outcome), outcome);
}

TEST(Reply, a_report_of_many_lines_is_one_line) {
  EXPECT_EQ(there_and_back(ReportText{"a\nb\n"}).text, "a\nb\n");
}

TEST(Reply, lost_events_and_the_ends) {
  EXPECT_EQ(there_and_back(LostEvents{12}).count, 12U);
  EXPECT_FALSE(there_and_back(Done{false}).ok);
  EXPECT_EQ(there_and_back(ErrorReply{"no"}).message, "no");
  EXPECT_EQ(there_and_back(ConfigMistake{"f:3: x"}).message, "f:3: x");
}

TEST(Reply, a_path_that_is_no_utf_8_is_shown_as_far_as_it_goes) {
  EXPECT_THAT(there_and_back(ConfigMistake{"/tmp/\xff: x"}).message, testing::HasSubstr(": x"));
}

TEST(Reply, what_is_none_is_not_taken) {
  EXPECT_THROW(parse_reply("HTTP/1.1 400 Bad Request"), nlohmann::json::exception);
  EXPECT_THROW(parse_reply("{}"), nlohmann::json::exception);
}

TEST(Status, a_worker_is_well_when_it_is_up_or_has_done_its_work) {
  WorkerStatus worker = a_worker();
  EXPECT_FALSE(is_well(worker));
  worker.state = "up";
  EXPECT_TRUE(is_well(worker));
  worker.state = "exited";
  EXPECT_FALSE(is_well(worker));
  worker.last_exit = LastExit{0, 0, "", "exited"};
  EXPECT_TRUE(is_well(worker));
  worker.state = "stopped";
  EXPECT_FALSE(is_well(worker));
}

TEST(Status, an_exit_is_told_by_what_says_most) {
  EXPECT_EQ(in_words({0, 3, "", "exited"}), "exit code 3");
  EXPECT_EQ(in_words({0, std::nullopt, "SIGSEGV", "signaled"}), "SIGSEGV");
  EXPECT_EQ(in_words({0, std::nullopt, "SIGKILL", "oom-killed"}), "oom-killed");
}

}  // namespace
}  // namespace pyfault
