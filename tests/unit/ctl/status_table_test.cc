#include "watchdog/ctl/status_table.h"

#include <gmock/gmock.h>

namespace pyfault::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1795419610 * kSecond;

WorkerStatus runs() {
  WorkerStatus worker;
  worker.name = "web#1";
  worker.state = "up";
  worker.pid = 4711;
  worker.uptime_seconds = 125;
  worker.rss_bytes = 24 << 20;
  worker.watch = WatchStatus{true, "", "", 3};
  return worker;
}

WorkerStatus waits() {
  WorkerStatus worker;
  worker.name = "queue";
  worker.state = "backoff";
  worker.retry_in_seconds = 7.4;
  worker.restarts = 3;
  worker.last_exit = LastExit{kNow - 3 * kSecond, std::nullopt, "SIGSEGV", "signaled"};
  worker.last_crash = LastCrash{kNow - 300 * kSecond, "c0ffee", "SIGSEGV"};
  return worker;
}

std::string table(TableStyle style) {
  return status_table({{}, {runs(), waits()}}, kNow, style);
}

TEST(StatusTable, for_programs_it_has_a_tab_between_the_cells) {
  EXPECT_EQ(table({}),
            "NAME\tSTATE\tPID\tUPTIME\tRESTARTS\tLAST-EXIT\tLAST-CRASH\tRSS\tWATCHED\n"
            "web#1\tup\t4711\t2min 5s\t0\t-\t-\t24.0M\tyes\n"
            "queue\tbackoff 8s\t-\t-\t3\tSIGSEGV, 3s ago\tSIGSEGV, 5min ago\t-\t-\n");
}

TEST(StatusTable, for_people_its_columns_are_aligned) {
  EXPECT_EQ(
      table({.aligned = true}),
      "NAME   STATE       PID   UPTIME   RESTARTS  LAST-EXIT        LAST-CRASH         RSS    "
      "WATCHED\n"
      "web#1  up          4711  2min 5s  0         -                -                  24.0M  yes\n"
      "queue  backoff 8s  -     -        3         SIGSEGV, 3s ago  SIGSEGV, 5min ago  -      -\n");
}

std::string below_the_table(std::uint64_t guests) {
  Status status;
  status.service.guests = GuestStatus{"@/run/x/y", guests};
  const std::string text = status_table(status, kNow, {});
  return text.substr(text.find('\n') + 1);
}

TEST(StatusTable, guests_are_counted_if_there_are_any) {
  EXPECT_EQ(below_the_table(0), "");
  EXPECT_EQ(below_the_table(1), "\n1 process that is no worker is watched as well\n");
  EXPECT_EQ(below_the_table(2), "\n2 processes that are no workers are watched as well\n");
}

std::string watched(const WatchStatus& watch) {
  WorkerStatus worker = runs();
  worker.watch = watch;
  const std::string text = status_table({{}, {worker}}, kNow, {});
  return text.substr(text.rfind('\t') + 1);
}

TEST(StatusTable, who_is_not_watched_has_the_reason) {
  EXPECT_EQ(watched({false, "statically-linked", "it is", 0}), "no: statically-linked\n");
}

TEST(StatusTable, of_a_wrapper_those_that_are_watched_below_it_are_counted) {
  EXPECT_EQ(watched({false, "not-python", "it runs", 2}), "2 below\n");
}

TEST(StatusTable, those_below_that_are_not_watched_are_counted) {
  EXPECT_EQ(watched({true, "", "", 2, 1}), "yes; 1 unwatched below\n");
}

TEST(StatusTable, what_is_not_known_yet_is_left_open) {
  EXPECT_EQ(watched({}), "-\n");
}

TEST(StatusTable, colours_do_not_shift_the_columns) {
  const std::string text = table({.aligned = true, .coloured = true});
  EXPECT_THAT(text, HasSubstr("web#1  \033[32mup\033[0m          4711"));
  EXPECT_THAT(text, HasSubstr("queue  \033[31mbackoff 8s\033[0m  -"));
}

TEST(StatusTable, without_colours_there_is_no_escape_sequence) {
  EXPECT_THAT(table({.aligned = true}), Not(HasSubstr("\033")));
}

TEST(StatusTable, without_workers_there_are_the_headings) {
  EXPECT_THAT(status_table({}, kNow, {}), testing::StartsWith("NAME\t"));
}

}  // namespace
}  // namespace pyfault::ctl
