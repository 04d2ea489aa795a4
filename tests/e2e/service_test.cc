// The service, with real workers: what is done for them, and what is said about them.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kCrashes[] = R"(
import ctypes
def crash():
    ctypes.memset(0, 1, 1)
print("about to crash", flush=True)
crash()
)";

// Runs until it is told to stop; then says so by its exit code.
constexpr char kServes[] = R"(
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("serving", flush=True)
while True:
    signal.pause()
)";

constexpr char kQuickRetries[] = "backoff = { initial = 0.01, max = 0.05 }\n";

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
  one_worker(kCrashes, kQuickRetries);
  start();
  const json loop = await("crash-loop").front();
  EXPECT_EQ(loop["failures"], 3);
  EXPECT_EQ(loop["ever_ready"], false);
  EXPECT_EQ(loop["fingerprints"].size(), 1u);
  await("start", 7);
  EXPECT_EQ(events("crash-loop").size(), 1u);
}

TEST_F(ServiceTest, a_crash_loop_can_be_given_up) {
  one_worker(kCrashes, std::string(kQuickRetries) + "crash_loop = { then = \"give-up\" }");
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

// Stopping

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
      "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
      "print('deaf', flush=True); signal.pause()\n",
      "stop = { timeout = \"10min\" }");
  start();
  service().await("deaf");
  stop();
  usleep(200'000);
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

TEST_F(ServiceTest, an_essential_worker_takes_the_service_with_it) {
  script("worker", kServes);
  script("essential", "import sys; sys.exit(5)");
  config(R"(
[[worker]]
name = "other"
command = ["worker.py"]
[[worker]]
name = "heart"
command = ["essential.py"]
essential = true
restart = "no"
)");
  start();
  EXPECT_EQ(wait().ending, exited(5));
  EXPECT_EQ(events("exit", "other").front()["reason"], "stopped");
}

// Readiness

constexpr char kNotifies[] = R"(
import os, signal, socket
address = os.environ["NOTIFY_SOCKET"]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.sendto(b"STATUS=starting\nREADY=1\n", "\0" + address[1:])
signal.pause()
)";

TEST_F(ServiceTest, a_worker_may_say_itself_that_it_is_ready) {
  one_worker(kNotifies, "ready = { by = \"notify\" }");
  start();
  await("ready");
}

TEST_F(ServiceTest, a_worker_that_does_not_get_ready_in_time_is_ended_and_retried) {
  one_worker("import signal; signal.pause()",
             "ready = { by = \"notify\", timeout = 0.1 }\n" + std::string(kQuickRetries));
  start();
  EXPECT_EQ(await("exit").front()["reason"], "start-timeout");
  await("start", 2);
  EXPECT_TRUE(events("ready").empty());
}

// Output

TEST_F(ServiceTest, lines_of_a_worker_come_with_time_and_name) {
  one_worker("import sys\nprint('to stdout', flush=True)\nsys.stderr.write('no newline')");
  start();
  await("exit");
  service().await("web: no newline\n");
  EXPECT_THAT(service().output(),
              testing::ContainsRegex("\n?20..-..-..T..:..:..\\.......Z web: to stdout\n"));
}

TEST_F(ServiceTest, a_worker_may_have_our_own_streams) {
  one_worker("print('as it is', flush=True)", "output = \"inherit\"");
  start();
  service().await("as it is\n");
  EXPECT_EQ(service().output(), "as it is\n");
}

// Nobody reads our stdout meanwhile.
TEST_F(ServiceTest, a_worker_never_waits_for_whoever_reads_its_output) {
  one_worker(R"(
import sys
for i in range(200):
    sys.stdout.write("x" * 50_000 + "\n")
sys.stdout.flush()
open("done", "w").write("yes\n")
)");
  start();
  EXPECT_EQ(await_file("done"), "yes\n");
  await("exit");
}

// What the worker finds

TEST_F(ServiceTest, a_worker_is_run_as_configured) {
  std::filesystem::create_directory(file("there"));
  script("worker", R"(
import os, resource
os.umask(mask := os.umask(0))
with open("seen", "w") as seen:
    print(os.getcwd(), oct(mask), os.environ["GREETING"], os.getsid(0) == os.getpid(),
          resource.getrlimit(resource.RLIMIT_NOFILE)[0], os.isatty(0), file=seen)
)");
  config("[[worker]]\nname = \"web\"\ncommand = [\"" + file("worker.py").string() +
         "\"]\ndirectory = \"" + file("there").string() +
         "\"\numask = \"027\"\nenvironment = { GREETING = \"hello\" }\nlimits = { nofile = 99 }\n");
  start();
  EXPECT_EQ(await_file("there/seen"),
            std::filesystem::canonical(file("there")).string() + " 0o27 hello True 99 False\n");
}

// One that every user may run.
Interpreter system_interpreter() {
  const auto& all = interpreters();
  const auto found = std::ranges::find_if(
      all, [](const Interpreter& each) { return each.path.string().starts_with("/usr/"); });
  return found == all.end() ? Interpreter{} : *found;
}

class OtherUser : public ServiceTest {
 protected:
  OtherUser() : ServiceTest(system_interpreter()) {}
};

TEST_F(OtherUser, runs_a_worker) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can run a worker as somebody else";
  if (interpreter().path.empty()) GTEST_SKIP() << "no interpreter that every user may run";
  std::filesystem::permissions(file(""), std::filesystem::perms(0777));
  one_worker(R"(
import os
with open("who", "w") as who:
    print(os.getuid(), os.getgroups() == [os.getgid()], os.environ["USER"], file=who)
)",
             "user = \"nobody\"\n");
  start();
  EXPECT_EQ(await_file("who"), "65534 True nobody\n");
}

// Children

TEST_F(ServiceTest, the_crash_of_a_child_names_the_worker_and_the_parents) {
  one_worker(R"(
import ctypes, multiprocessing, os, signal
def middle():
    inner = multiprocessing.get_context("fork").Process(target=ctypes.memset, args=(0, 1, 1))
    inner.start()
    inner.join()
if __name__ == "__main__":
    process = multiprocessing.get_context("fork").Process(target=middle)
    process.start()
    process.join()
    signal.pause()
)");
  start();
  const json crash = await("crash").front();
  EXPECT_EQ(crash["worker"], "web");
  ASSERT_EQ(crash["parents"].size(), 2u);
  EXPECT_EQ(crash["parents"][1]["pid"], events("start").front()["process"]["pid"]);
  EXPECT_TRUE(events("exit").empty());
}

// The first that has it, if there is one.
Interpreter interpreter_with_gunicorn() {
  const auto& all = interpreters();
  const auto found = std::ranges::find_if(all, [](const Interpreter& each) {
    return run({.command = {each.path, "-c", "import gunicorn"}}).ending == exited(0);
  });
  return found == all.end() ? Interpreter{} : *found;
}

class Gunicorn : public ServiceTest {
 protected:
  Gunicorn() : ServiceTest(interpreter_with_gunicorn()) {}
};

TEST_F(Gunicorn, whose_worker_crashes_goes_on_and_the_service_tells_whose_it_was) {
  if (interpreter().path.empty()) GTEST_SKIP() << "no interpreter has gunicorn (Debian: gunicorn)";
  script("app", R"(
import ctypes
def application(environ, start_response):
    if environ["PATH_INFO"] == "/crash":
        ctypes.memset(0, 1, 1)
    start_response("200 OK", [])
    return [b"fine"]
)");
  script("client", R"(
import socket, sys, time
def ask(path):
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect("socket")
                client.sendall(b"GET " + path + b" HTTP/1.0\r\n\r\n")
                return client.recv(100)
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.01)
        except ConnectionResetError:
            return b""
ask(b"/crash")
sys.exit(b"200 OK" not in ask(b"/"))
)");
  config(
      "[[worker]]\nname = \"shop\"\ncommand = [\"-m\", \"gunicorn\", \"--bind\", "
      "\"unix:socket\", \"app:application\"]\n");
  start();
  const Outcome client =
      run({.command = {interpreter().path, "client.py"}, .directory = file("").parent_path()});
  EXPECT_EQ(client.ending, exited(0));
  const json crash = await("crash").front();
  EXPECT_EQ(crash["worker"], "shop");
  EXPECT_EQ(crash["parents"][0]["pid"], events("start").front()["process"]["pid"]);
  EXPECT_TRUE(events("exit").empty());
  stop();
  EXPECT_EQ(wait().ending, exited(0));
}

// Configuration

TEST_F(ServiceTest, all_mistakes_are_told_at_once_and_nothing_is_started) {
  script("worker", kServes);
  config(
      "[[worker]]\nname = \"web\"\ncommand = [\"no-such-program\"]\nrestrat = \"no\"\n"
      "user = \"no-such-user\"\n");
  start();
  const Outcome outcome = wait();
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(outcome.err, HasSubstr("service.toml:3: cannot run 'no-such-program': not found"));
  EXPECT_THAT(outcome.err, HasSubstr("service.toml:4: a worker has no key 'restrat'; did you mean "
                                     "'restart'?"));
  EXPECT_THAT(outcome.err, HasSubstr("service.toml:5: there is no user 'no-such-user'"));
}

class Reload : public ServiceTest {
 protected:
  void two_workers(const std::string& more = "") const {
    config(
        "[[worker]]\nname = \"a\"\ncommand = [\"worker.py\"]\n"
        "[[worker]]\nname = \"b\"\ncommand = [\"worker.py\"]\n" +
        more);
  }

  void start_two() {
    script("worker", kServes);
    two_workers();
    start();
    await("ready", 2);
  }

  // A notice that says this.
  void await_word(const std::string& word) {
    await_that(word.c_str(), [&] {
      const auto notices = events("notice");
      return std::ranges::any_of(notices, [&](const json& notice) {
        return notice["message"].get<std::string>().find(word) != std::string::npos;
      });
    });
  }
};

TEST_F(Reload, restarts_what_has_changed_and_nothing_else) {
  start_two();
  two_workers("environment = { NEW = \"1\" }\n");
  reload();
  await("start", 2, "b");
  EXPECT_EQ(events("exit", "b").front()["reason"], "stopped");
  EXPECT_EQ(events("start", "a").size(), 1u);
  EXPECT_TRUE(events("exit", "a").empty());
}

TEST_F(Reload, starts_what_is_new_and_stops_what_is_gone) {
  start_two();
  config(
      "[[worker]]\nname = \"b\"\ncommand = [\"worker.py\"]\n"
      "[[worker]]\nname = \"c\"\ncommand = [\"worker.py\"]\n");
  reload();
  await("exit", 1, "a");
  await("start", 1, "c");
  EXPECT_TRUE(events("exit", "b").empty());
}

TEST_F(Reload, brings_back_what_it_has_just_dismissed) {
  start_two();
  config("[[worker]]\nname = \"a\"\ncommand = [\"worker.py\"]\n");
  reload();
  await_word("read anew");
  two_workers();
  reload();
  await("start", 2, "b");
  EXPECT_TRUE(events("exit", "a").empty());
}

TEST_F(Reload, takes_settings_that_need_no_restart) {
  start_two();
  two_workers("restart = \"no\"\n");
  reload();
  await_word("read anew");
  ::kill(events("start", "b").front()["process"]["pid"], SIGKILL);
  EXPECT_EQ(await("exit", 1, "b").front()["after"]["decision"], "stay-down");
}

TEST_F(Reload, of_a_broken_file_keeps_the_old_configuration_and_says_so) {
  start_two();
  config("[[worker]\nname = 3\n");
  reload();
  await_word("service.toml:1: ");
  await_word("the configuration that is in use stays");
  EXPECT_TRUE(events("exit").empty());
}

TEST_F(Reload, gives_a_service_without_workers_its_first) {
  config("");
  start();
  await_word("there is no worker; add a [[worker]]");
  script("a", kServes);
  config("[[worker]]\nname = \"a\"\ncommand = [\"a.py\"]\n");
  reload();
  await("start", 1, "a");
}

// Endurance

TEST_F(ServiceTest, many_lives_leave_nothing_behind) {
  one_worker("import sys; sys.exit(1)", "backoff = { initial = 0, max = 0.001 }\n");
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
