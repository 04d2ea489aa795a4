// A watchdog that takes over from one that was killed. The test plays systemd's file descriptor
// store; tests/systemd/restart_test uses the real one.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/e2e/handover_fixture.h"
#include "tests/support/files.h"
#include "tests/support/reserved_port.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr char kServes[] = R"(
import ctypes, os, signal, sys
assert not any(name.startswith(("LISTEN_", "WATCHDOG_", "NOTIFY_")) for name in os.environ)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGUSR1, lambda *_: ctypes.memset(0, 1, 1))
print("serving", flush=True)
while True:
    signal.pause()
    print("still here", flush=True)
)";

constexpr char kHasAChildThatCrashes[] = R"(
import signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("serving", flush=True)
signal.sigwait([signal.SIGUSR1])
subprocess.run([sys.executable, "-c", 'import ctypes; ctypes.memset(0, 1, 1)'])
open("done", "w").close()
signal.pause()
)";

class HandoverTest : public HandoverFixture {
 protected:
  // Starts a service with one worker, waits until it is ready, and kills the watchdog. Returns the
  // worker's pid.
  int worker_without_watchdog(const char* code = kServes) {
    one_worker(code, "backoff = { initial = 0.01 }\n");
    start_watchdog();
    const int pid = await("ready").front()["process"]["pid"];
    service().await("serving");  // being ready only means that it has lived for a second
    kill_watchdog();
    return pid;
  }

  std::string last_notice() const { return events("notice").back()["message"]; }
};

TEST_F(HandoverTest, a_worker_goes_on_under_another_watchdog) {
  const int pid = worker_without_watchdog();
  ASSERT_TRUE(is_alive(pid));
  start_another();
  await("notice");
  EXPECT_THAT(last_notice(), HasSubstr("took over web[" + std::to_string(pid) + "]"));
  EXPECT_EQ(events("start").size(), 1u);
  ::kill(pid, SIGUSR1);
  const json crash = await("crash").front();
  const json exit = await("exit").front();
  EXPECT_EQ(exit["crash"], crash["id"]);
  EXPECT_EQ(exit["exit"]["signal"], "SIGSEGV");
  await("start", 2);
}

TEST_F(HandoverTest, a_restart_leaves_the_worker_running) {
  one_worker(kServes);
  start_watchdog();
  const int pid = await("ready").front()["process"]["pid"];
  service().send(SIGUSR2);
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_TRUE(is_alive(pid));
  EXPECT_TRUE(events("exit").empty());
  start_another();
  await("notice");
  EXPECT_THAT(last_notice(), HasSubstr("took over web[" + std::to_string(pid) + "]"));
}

// The second process, which the next watchdog finds, shows that it has looked at the first one too.
TEST_F(HandoverTest, an_unwatched_process_below_a_worker_is_not_reported_again) {
  one_worker(R"py(
import os, subprocess, sys, time
unwatched = ["/usr/bin/env", "-i", sys.executable, "-c", "import signal; signal.pause()"]
subprocess.Popen(unwatched)
while not os.path.exists("go"):
    time.sleep(0.05)
subprocess.run(unwatched)
)py");
  start_watchdog();
  const int pid = await("unwatched").front()["process"]["pid"];
  service().send(SIGUSR2);
  EXPECT_EQ(wait().ending, exited(0));
  start_another();
  write_file(file("go"), "");
  EXPECT_NE(await("unwatched", 2).back()["process"]["pid"], pid);
  ::kill(pid, SIGKILL);
  EXPECT_EQ(await(Watchdog::kExitBelow).front()["unwatched"]["reason"], "agent-not-loaded");
  EXPECT_EQ(events("unwatched").size(), 2U);
}

TEST_F(HandoverTest, workers_that_may_not_outlive_their_watchdog_are_stopped_by_a_restart) {
  one_worker(kServes, "[service]\non_watchdog_death = \"kill\"\n");
  start_watchdog();
  await("ready");
  service().send(SIGUSR2);
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_EQ(events("exit").front()["reason"], "stopped");
}

TEST_F(HandoverTest, a_stop_that_comes_with_a_restart_is_a_stop) {
  one_worker(kServes);
  start_watchdog();
  await("ready");
  for (const int signal : {SIGSTOP, SIGUSR2, SIGTERM, SIGCONT}) service().send(signal);
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_EQ(events("exit").front()["reason"], "stopped");
}

TEST_F(HandoverTest, where_nobody_keeps_the_worker_a_restart_stops_it) {
  one_worker(kServes);
  start({{"NOTIFY_SOCKET", ""}});
  const int pid = await("ready").front()["process"]["pid"];
  service().send(SIGUSR2);
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_FALSE(is_alive(pid));
}

TEST_F(HandoverTest, what_is_kept_may_fill_the_limit_of_descriptors) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 4096) {
    GTEST_SKIP() << "the hard limit of open files is below 4096: " << limit.rlim_max;
  }
  const int pid = worker_without_watchdog();
  start_another(1100);
  await("notice");
  EXPECT_THAT(events("notice").back()["message"].get<std::string>(),
              HasSubstr("took over web[" + std::to_string(pid) + "]"));
}

TEST_F(HandoverTest, a_crash_while_there_is_none_is_told_with_its_own_time) {
  const int pid = worker_without_watchdog();
  ::kill(pid, SIGUSR1);
  await_that("the worker's end", [&] { return !is_alive(pid); });
  start_another();
  const json crash = await("crash").front();
  EXPECT_EQ(await("exit").front()["crash"], crash["id"]);
  EXPECT_LT(crash["time"], await("notice").front()["time"]);
  await("start", 2);
}

// Its hello waits in the listener that was kept.
TEST_F(HandoverTest, a_child_that_came_and_crashed_while_there_is_none_has_an_end) {
  const int pid = worker_without_watchdog(kHasAChildThatCrashes);
  ::kill(pid, SIGUSR1);
  await_that("the child's end", [&] { return std::filesystem::exists(file("done")); });
  start_another();
  const json crash = await("crash").front();
  const auto ends = await(Watchdog::kExitBelow);
  EXPECT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0]["process"]["pid"], crash["process"]["pid"]);
  EXPECT_EQ(ends[0]["parents"][0]["pid"], pid);
}

TEST_F(HandoverTest, a_worker_learns_why_the_one_before_it_died_after_a_restart_too) {
  one_worker(R"(
import ctypes, os, signal, sys
sys.path.insert(0, os.environ["PYFAULT_TEST_PACKAGE"])
import pyfault
def tell(*_):
    with open("new", "w") as file:
        print(pyfault.last_crash().threads[0].frames[0].function, file=file)
    os.rename("new", "told")
def fail_in_here():
    ctypes.memset(0, 1, 1)
signal.signal(signal.SIGUSR1, tell)
if pyfault.last_crash() is None:
    fail_in_here()
print("serving", flush=True)
while True:
    signal.pause()
)",
             "backoff = { initial = 0.01 }\n");
  start({{"NOTIFY_SOCKET", store_.address()}, {"PYFAULT_TEST_PACKAGE", PYFAULT_PYTHON_PACKAGE}});
  service().await("serving");
  const int pid = await("start", 2).back()["process"]["pid"];
  service().send(SIGUSR2);
  EXPECT_EQ(wait().ending, exited(0));
  start_another();
  await_that("the adoption", [&] { return !events("notice").empty(); });
  ::kill(pid, SIGUSR1);
  EXPECT_EQ(await_file("told"), "fail_in_here\n");
}

TEST_F(HandoverTest, what_is_no_longer_configured_is_stopped) {
  const int pid = worker_without_watchdog();
  config("[[worker]]\nname = \"other\"\ncommand = [\"worker.py\"]\n");
  start_another();
  EXPECT_EQ(await("exit", 1, "web").front()["reason"], "stopped");
  EXPECT_FALSE(is_alive(pid));
  await("start", 1, "other");
}

TEST_F(HandoverTest, a_state_that_is_of_no_use_costs_its_worker_and_no_more) {
  const int pid = worker_without_watchdog();
  for (const NamedFd& each : store_.descriptors()) {
    if (!each.name.ends_with("/state")) continue;
    ASSERT_EQ(::ftruncate(each.fd.get(), 0), 0);
  }
  start_another();
  await("start", 2);
  EXPECT_THAT(events("notice").front()["message"].get<std::string>(),
              HasSubstr("worker web can't be used"));
  await_that("the worker's end", [&] { return !is_alive(pid); });
}

TEST_F(HandoverTest, a_mistake_in_the_file_leaves_no_worker_alone) {
  const int pid = worker_without_watchdog();
  config("x = 1\n");
  start_another();
  await_that("the notice", [&] {
    return !events("notice").empty() && last_notice().find("fix the file") != std::string::npos;
  });
  EXPECT_TRUE(is_alive(pid));
  ::kill(pid, SIGUSR1);
  await("crash");
  await("start", 2);
}

TEST_F(HandoverTest, with_a_mistake_in_the_file_logs_and_operators_go_on_until_it_is_mended) {
  const std::string logs =
      "[[log]]\ntype = \"file\"\npath = \"" + file("own.log").string() + "\"\nformat = \"json\"\n";
  one_worker(kServes, "backoff = { initial = 0.01 }\n" + logs);
  start_watchdog();
  const int pid = await("ready").front()["process"]["pid"];
  kill_watchdog();
  config("x = 1\n");
  start_another();
  await_that("the control socket", [&] { return ctl({"status"}).ending == exited(0); });
  EXPECT_THAT(read_file(file("own.log")), HasSubstr("has no key 'x'"));
  EXPECT_EQ(ctl({"reload"}).ending, exited(1));
  ::kill(pid, SIGUSR1);
  await("crash");
  EXPECT_THAT(read_file(file("own.log")), HasSubstr("\"crash\""));
  one_worker(kServes, "start_order = 2\n" + logs);
  EXPECT_EQ(ctl({"reload"}).ending, exited(0));
  await_that("the notice",
             [&] { return last_notice().find("configuration reloaded") != std::string::npos; });
}

TEST_F(HandoverTest, a_port_that_was_taken_meanwhile_costs_the_metrics_alone) {
  const ReservedPort port(SOCK_STREAM);
  one_worker(kServes, "[metrics]\nlisten = \"127.0.0.1:" + std::to_string(port.number()) + "\"\n");
  start_watchdog();
  await("ready");
  kill_watchdog();
  ASSERT_EQ(::listen(port.socket(), 1), 0);
  start_another();
  const auto says = [](const json& notice) {
    return notice["message"].get<std::string>().find("continues without") != std::string::npos;
  };
  await_that("the notice", [&] { return std::ranges::any_of(events("notice"), says); });
  EXPECT_EQ(ctl({"status"}).ending, exited(0));
}

TEST_F(HandoverTest, the_next_knows_how_workers_ended_before_and_in_which_order_they_stand) {
  script("serves", kServes);
  script("fails", "raise SystemExit(3)\n");
  config(
      "[[worker]]\nname = \"web\"\ncommand = [\"serves.py\"]\n"
      "[[worker]]\nname = \"batch\"\ncommand = [\"fails.py\"]\nrestart = \"no\"\n");
  start_watchdog();
  await("exit", 1, "batch");
  await("ready", 1, "web");
  kill_watchdog();
  start_another();
  await_that("the control socket", [&] { return !ctl({"status"}).out.empty(); });
  const json workers = json::parse(ctl({"status", "--json"}).out)["workers"];
  EXPECT_EQ(workers[0]["name"], "web");
  EXPECT_EQ(workers[1]["name"], "batch");
  EXPECT_EQ(workers[1]["last_exit"]["code"], 3);
}

TEST_F(HandoverTest, a_worker_whose_turn_had_not_come_is_started_by_the_next) {
  script("worker", kServes);
  config(
      "[[worker]]\nname = \"slow\"\ncommand = [\"worker.py\"]\nready = { after = \"2s\" }\n"
      "[[worker]]\nname = \"late\"\ncommand = [\"worker.py\"]\nstart_order = 1\n");
  start_watchdog();
  await("start", 1, "slow");
  kill_watchdog();
  start_another();
  await("start", 1, "late");
}

TEST_F(HandoverTest, a_stopped_service_leaves_no_worker_in_the_store) {
  one_worker(kServes);
  start_watchdog();
  const int pid = await("ready").front()["process"]["pid"];
  stop();
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_FALSE(is_alive(pid));
  for (const NamedFd& each : store_.descriptors()) {
    EXPECT_FALSE(each.name.ends_with("/pidfd")) << each.name;
  }
}

}  // namespace
}  // namespace pyfault::test
