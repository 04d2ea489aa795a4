#include "watchdog/metrics/service_metrics.h"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::Not;

class ServiceMetricsTest : public testing::Test {
 protected:
  ServiceMetricsTest() { metrics_.set_workers({"web", "api"}); }

  void note(decltype(Event::body) body, const std::string& worker = "web") {
    Event event;
    event.realtime_ns = 1795419610'250000000;
    event.worker = worker;
    event.process.pid = 77;
    event.body = std::move(body);
    metrics_.on_event(event);
  }
  void crash(int signal, const std::string& name) {
    Crash crash;
    crash.signal.number = signal;
    crash.signal.name = name;
    note(crash);
  }
  void exit(ExitReason reason) {
    ExitEvent exit;
    exit.reason = reason;
    note(exit);
  }
  void expect(const std::string& line) {
    EXPECT_THAT('\n' + metrics_.expose(), HasSubstr('\n' + line + '\n'));
  }

  std::uint64_t dropped_ = 0;
  std::map<std::string, WorkerGauges> workers_{{"web", {}}, {"api", {}}};
  std::map<std::string, int> log_errors_;
  std::size_t guests_ = 0;
  ServiceMetrics metrics_{
      {[this] { return workers_; }, [](int pid) { return pid * std::int64_t{4096}; },
       [this] { return dropped_; }, [this] { return log_errors_; }, [this] { return guests_; }}};
};

TEST_F(ServiceMetricsTest, guests_are_counted_apart_from_workers) {
  guests_ = 3;
  Event event;
  event.body = Crash{};
  std::get<Crash>(event.body).signal.name = "SIGSEGV";
  metrics_.on_event(event);
  expect("pyfault_guest_processes 3");
  expect("pyfault_guest_crashes_total{signal=\"SIGSEGV\"} 1");
  expect("pyfault_guest_crashes_total{signal=\"SIGBUS\"} 0");
  expect("pyfault_crashes_total{worker=\"web\",signal=\"SIGSEGV\"} 0");
}

TEST_F(ServiceMetricsTest, a_worker_is_there_before_anything_happens_to_it) {
  expect("pyfault_worker_up{worker=\"api\"} 0");
  expect("pyfault_worker_restarts_total{worker=\"api\"} 0");
  expect("pyfault_worker_exits_total{worker=\"api\",reason=\"exited\"} 0");
  expect("pyfault_crashes_total{worker=\"api\",signal=\"SIGSEGV\"} 0");
}

TEST_F(ServiceMetricsTest, who_is_watched_is_counted) {
  workers_["web"].watched_processes = 3;
  workers_["unknown"].watched_processes = 1;
  expect("pyfault_worker_watched_processes{worker=\"web\"} 3");
  EXPECT_THAT(metrics_.expose(), Not(HasSubstr("unknown")));
}

TEST_F(ServiceMetricsTest, who_is_not_watched_is_counted_by_reason) {
  note(UnwatchedEvent{unwatched(UnwatchedReason::kStaticallyLinked)});
  note(UnwatchedEvent{unwatched(UnwatchedReason::kStaticallyLinked)});
  expect("pyfault_unwatched_total{worker=\"web\",reason=\"statically-linked\"} 2");
}

TEST_F(ServiceMetricsTest, a_worker_is_up_once_it_is_ready) {
  expect("pyfault_worker_up{worker=\"web\"} 0");
  workers_["web"].is_up = true;
  expect("pyfault_worker_up{worker=\"web\"} 1");
}

TEST_F(ServiceMetricsTest, the_memory_is_that_of_its_process) {
  workers_["web"].pid = 77;
  expect("pyfault_worker_resident_memory_bytes{worker=\"web\"} 315392");
  workers_["web"].pid = 0;
  expect("pyfault_worker_resident_memory_bytes{worker=\"web\"} 0");
}

TEST_F(ServiceMetricsTest, crashes_are_counted_by_signal) {
  crash(SIGSEGV, "SIGSEGV");
  crash(SIGSEGV, "SIGSEGV");
  crash(SIGBUS, "SIGBUS");
  expect("pyfault_crashes_total{worker=\"web\",signal=\"SIGSEGV\"} 2");
  expect("pyfault_crashes_total{worker=\"web\",signal=\"SIGBUS\"} 1");
  expect("pyfault_last_crash_timestamp_seconds{worker=\"web\"} 1795419610.25");
}

TEST_F(ServiceMetricsTest, a_dump_is_no_crash) {
  Crash dump;
  dump.kind = CrashKind::kDump;
  note(dump);
  EXPECT_THAT(metrics_.expose(), Not(testing::ContainsRegex("pyfault_crashes_total.* 1")));
}

TEST_F(ServiceMetricsTest, exits_are_counted_by_reason) {
  exit(ExitReason::kSignaled);
  exit(ExitReason::kOomKilled);
  exit(ExitReason::kSignaled);
  expect("pyfault_worker_exits_total{worker=\"web\",reason=\"signaled\"} 2");
  expect("pyfault_worker_exits_total{worker=\"web\",reason=\"oom-killed\"} 1");
}

TEST_F(ServiceMetricsTest, what_a_worker_does_now_is_asked_for_each_time) {
  workers_["web"].backoff_seconds = 1.5;
  workers_["web"].in_crash_loop = true;
  expect("pyfault_worker_restart_backoff_seconds{worker=\"web\"} 1.5");
  expect("pyfault_worker_crash_loop{worker=\"web\"} 1");
  workers_["web"] = {};
  expect("pyfault_worker_restart_backoff_seconds{worker=\"web\"} 0");
  expect("pyfault_worker_crash_loop{worker=\"web\"} 0");
}

TEST_F(ServiceMetricsTest, restarts_are_counted) {
  note(RestartEvent{1});
  expect("pyfault_worker_restarts_total{worker=\"web\"} 1");
}

TEST_F(ServiceMetricsTest, what_was_dropped_is_counted) {
  NoticeEvent notice{"2 crash records were lost"};
  notice.dropped_records = 2;
  note(notice);
  dropped_ = 5;
  expect("pyfault_records_dropped_total 2");
  expect("pyfault_reports_dropped_total 5");
}

TEST_F(ServiceMetricsTest, a_log_that_cannot_be_written_to_is_seen) {
  log_errors_ = {{"log 'a'", 0}, {"log 'b'", ENOSPC}};
  expect("pyfault_log_failing{log=\"log 'a'\"} 0");
  expect("pyfault_log_failing{log=\"log 'b'\"} 1");
}

TEST_F(ServiceMetricsTest, of_a_worker_that_is_gone_nothing_stays) {
  crash(SIGSEGV, "SIGSEGV");
  metrics_.set_workers({"api"});
  note(StartEvent{});
  EXPECT_THAT(metrics_.expose(), Not(HasSubstr("\"web\"")));
}

TEST_F(ServiceMetricsTest, an_adopted_worker_has_its_past) {
  metrics_.adopt(
      "web", {1795419600.5, 3, 1795419500, {{"exited", 2}}, {{"SIGSEGV", 5}}, {{"not-python", 1}}});
  expect("pyfault_worker_exits_total{worker=\"web\",reason=\"exited\"} 2");
  expect("pyfault_crashes_total{worker=\"web\",signal=\"SIGSEGV\"} 5");
  expect("pyfault_unwatched_total{worker=\"web\",reason=\"not-python\"} 1");
  expect("pyfault_last_crash_timestamp_seconds{worker=\"web\"} 1795419500");
  expect("pyfault_worker_restarts_total{worker=\"web\"} 3");
  expect("pyfault_worker_start_time_seconds{worker=\"web\"} 1795419600.5");
}

TEST_F(ServiceMetricsTest, the_service_is_healthy_when_all_are_up) {
  workers_["web"].is_up = true;
  EXPECT_FALSE(metrics_.health().is_good());
  workers_["api"].is_up = true;
  EXPECT_TRUE(metrics_.health().is_good());
}

TEST_F(ServiceMetricsTest, a_worker_that_stays_down_as_it_should_is_healthy) {
  workers_["api"].is_up = true;
  workers_["web"].rests = true;
  EXPECT_TRUE(metrics_.health().is_good());
}

TEST_F(ServiceMetricsTest, prometheus_own_checker_has_nothing_to_say) {
  if (std::system("command -v promtool >/dev/null") != 0) {
    GTEST_SKIP() << "no promtool here (Debian's package prometheus)";
  }
  note(StartEvent{});
  crash(SIGSEGV, "SIGSEGV");
  exit(ExitReason::kSignaled);
  const test::TempDirectory directory;
  const std::string file = directory.path() / "metrics";
  test::write_file(file, metrics_.expose());
  EXPECT_EQ(std::system(("promtool check metrics <" + file).c_str()), 0);
}

}  // namespace
}  // namespace pyfault
