// How the service and its workers stop: in order, with the configured patience, and leaving no
// process behind.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/e2e/service_fixture.h"
#include "tests/e2e/service_workers.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ServiceTest, is_stopped_by_a_signal_and_stops_its_workers) {
  one_worker(kServes);
  start();
  service().await("serving");
  stop();
  EXPECT_EQ(wait().ending, exited(0));
  const json exit = events("exit").front();
  EXPECT_EQ(exit["reason"], "stopped");
  EXPECT_EQ(exit["exit"]["code"], 0);
  EXPECT_EQ(exit["after"]["decision"], "stay-down");
}

TEST_F(ServiceTest, a_worker_that_does_not_stop_is_killed_with_all_that_is_below_it) {
  one_worker(R"(
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "1000"])
daemon = subprocess.Popen(["setsid", "sleep", "1000"])
open("pids", "w").write(f"{child.pid} {daemon.pid}\n")
while True:
    signal.pause()
)",
             "stop = { timeout = 0.1 }");
  start();
  int child = 0, daemon = 0;
  std::istringstream(await_file("pids")) >> child >> daemon;
  stop();
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_EQ(events("exit").front()["exit"]["signal"], "SIGKILL");
  EXPECT_EQ(events("exit").front()["reason"], "stopped");
  EXPECT_FALSE(is_alive(child));
  EXPECT_FALSE(is_alive(daemon));
}

// setproctitle also overwrites what /proc shows of the environment.
TEST_F(ServiceTest, a_daemon_that_hides_behind_a_title_is_ended_with_its_worker) {
  one_worker(R"PY(
import ctypes, os, signal
def field(number):
    with open("/proc/self/stat") as file:
        return int(file.read().rpartition(")")[2].split()[number - 3])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        begin, end = field(48), field(51)  # arguments and environment
        ctypes.memset(begin, 0, end - begin)
        ctypes.memmove(begin, b"task runner", 11)
        with open("new", "w") as file:
            file.write("%d\n" % os.getpid())
        os.rename("new", "pids")
        signal.pause()
    os._exit(0)
os.wait()
signal.pause()
)PY");
  start();
  int daemon = 0;
  std::istringstream(await_file("pids")) >> daemon;
  stop();
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_FALSE(is_alive(daemon));
}

TEST_F(ServiceTest, a_worker_that_does_not_stop_says_first_what_it_does_in_place_of_it) {
  one_worker(R"(
import signal, time
def forget_to_stop():
    while True:
        time.sleep(1000)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
forget_to_stop()
)",
             "stop = { timeout = 0.1 }");
  start();
  service().await("deaf");
  stop();
  EXPECT_EQ(wait().ending, exited(0));
  const json dump = await("dump").front();
  EXPECT_EQ(dump["worker"], "web");
  EXPECT_THAT(dump["threads"].dump(), HasSubstr("forget_to_stop"));
  EXPECT_EQ(events("exit").front()["exit"]["signal"], "SIGKILL");
}

TEST_F(ServiceTest, a_second_signal_ends_the_patience) {
  one_worker(
      "import signal; signal.signal(signal.SIGTERM, lambda *_: print('heard', flush=True))\n"
      "print('deaf', flush=True)\nwhile True: signal.pause()\n",
      "stop = { timeout = \"10min\" }");
  start();
  service().await("deaf");
  stop();
  service().await("heard");
  stop();
  EXPECT_EQ(wait().ending, exited(0));
}

TEST_F(ServiceTest, what_a_crashed_worker_leaves_behind_is_ended_before_the_next_life) {
  one_worker(R"(
import ctypes, subprocess, time
child = subprocess.Popen(["sleep", "1000"])
open("pid", "w").write(f"{child.pid}\n")
ctypes.memset(0, 1, 1)
)",
             "restart = \"no\"");
  start();
  await("exit");
  const int child = std::stoi(await_file("pid"));
  await_that("the child's end", [&] { return !is_alive(child); });
}

// Freeing that much memory takes the kernel longer than the shell of the next life takes to look.
TEST_F(ServiceTest, what_a_worker_leaves_behind_is_dead_when_the_next_life_begins) {
  script("child", R"(
import os, time
large = bytearray(b"x") * (300 << 20)
with open("new", "w") as file:
    file.write("%d\n" % os.getpid())
os.rename("new", "child")
time.sleep(1000)
)");
  write_file(file("worker.sh"), R"(
if read pid < child; then
  read number name state rest < /proc/$pid/stat || state=gone
  echo $state > new
  mv new state
  exec sleep 1000
fi
"$0" child.py &
while ! test -e child; do sleep 0.01; done
exit 3
)");
  config(R"(
[[worker]]
name = "web"
command = ["/bin/sh", "-c", ". ./worker.sh", ")" +
         interpreter().path.string() + R"("]
backoff = { initial = 0.001, max = 0.001 }
)");
  start();
  EXPECT_THAT(await_file("state"), AnyOf("Z\n", "gone\n"));
  stop();
  EXPECT_EQ(wait().ending, exited(0));
}

TEST_F(ServiceTest, workers_start_in_order_and_stop_in_reverse) {
  script("worker", kServes);
  config(R"(
[defaults]
ready = { after = 0.1 }
[[worker]]
name = "second"
command = ["worker.py"]
start_order = 2
[[worker]]
name = "first"
command = ["worker.py"]
start_order = 1
)");
  start();
  await("ready", 2);
  stop();
  wait();
  const auto names = [&](const char* kind) {
    std::vector<std::string> all;
    for (const json& event : events(kind)) all.push_back(event["worker"]);
    return all;
  };
  EXPECT_THAT(names("start"), ElementsAre("first", "second"));
  EXPECT_THAT(names("exit"), ElementsAre("second", "first"));
  EXPECT_GE(events("start")[1]["time"], events("ready", "first")[0]["time"]);
}

constexpr char kHeartBesideOther[] = R"(
[[worker]]
name = "other"
command = ["worker.py"]
[[worker]]
name = "heart"
command = ["essential.py"]
essential = true
restart = "no"
)";

TEST_F(ServiceTest, an_essential_worker_takes_the_service_with_it) {
  script("worker", kServes);
  script("essential", "import sys; sys.exit(5)");
  config(kHeartBesideOther);
  start();
  EXPECT_EQ(wait().ending, exited(5));
  EXPECT_EQ(events("exit", "other").front()["reason"], "stopped");
  const json notice = events("notice", "heart").front();
  EXPECT_EQ(notice["message"], "it is essential and stays down, so all workers are stopped");
}

// A second SIGTERM would kill it.
TEST_F(ServiceTest, the_first_sigterm_after_an_essential_worker_is_lost_lets_the_others_finish) {
  script("worker", R"(
import signal, sys, time
def drain(*_):
    print("draining", flush=True)
    time.sleep(1)
    print("drained", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, drain)
open("serves", "w").close()
while True:
    signal.pause()
)");
  script("essential", R"(
import os, time
while not os.path.exists("serves"):
    time.sleep(0.05)
)");
  config(kHeartBesideOther);
  start();
  service().await("draining");
  service().send(SIGTERM);
  EXPECT_THAT(wait().out, HasSubstr("drained"));
}

}  // namespace
}  // namespace pyfault::test
