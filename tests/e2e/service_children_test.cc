// Crashes of processes that a worker has forked: the service must say which worker they belong to.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>

#include "tests/e2e/service_fixture.h"

namespace pyfault::test {
namespace {

using nlohmann::json;

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

// The children have ended, and their parent has collected them, when the service goes on.
TEST_F(ServiceTest, children_that_crashed_while_it_was_stopped_have_their_ends) {
  one_worker(R"(
import ctypes, os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("serving", flush=True)
signal.sigwait([signal.SIGUSR1])
subprocess.run([sys.executable, "-c", 'import ctypes; ctypes.memset(0, 1, 1)'])
forked = os.fork()
if forked == 0:
    ctypes.memset(0, 1, 1)
os.waitpid(forked, 0)
open("done", "w").close()
signal.pause()
)");
  start();
  service().await("serving");
  const int pid = await("ready").front()["process"]["pid"];
  service().suspend();
  ::kill(pid, SIGUSR1);
  await_that("the children's ends", [&] { return std::filesystem::exists(file("done")); });
  service().send(SIGCONT);
  const auto ends = await(Watchdog::kExitBelow, 2);
  std::set<int> crashed;
  for (const json& crash : await("crash", 2)) crashed.insert(crash["process"]["pid"].get<int>());
  EXPECT_EQ(crashed, (std::set<int>{ends[0]["process"]["pid"], ends[1]["process"]["pid"]}));
  EXPECT_EQ(ends[0]["worker"], "web");
  EXPECT_TRUE(events("exit").empty());
}

// The first interpreter that has gunicorn, or one without a path if there is none.
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
  if (interpreter().path.empty()) {
    GTEST_SKIP() << "no interpreter here has gunicorn (Debian's package gunicorn)";
  }
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
  EXPECT_EQ(await(Watchdog::kExitBelow).front()["crash"], crash["id"]);
  stop();
  EXPECT_EQ(wait().ending, exited(0));
}

// The worker lives for a second, because kernels before 6.16 do not tell how a process ended that
// its parent has collected before the watchdog has heard of it (watchdog/README.md, Limits).
TEST_F(Gunicorn, whose_worker_is_killed_says_so) {
  if (interpreter().path.empty()) {
    GTEST_SKIP() << "no interpreter here has gunicorn (Debian's package gunicorn)";
  }
  script("app", R"(
import os, signal, time
def post_worker_init(worker):
    if not os.path.exists("killed"):
        open("killed", "w").close()
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"fine"]
)");
  config(
      "[[worker]]\nname = \"shop\"\ncommand = [\"-m\", \"gunicorn\", \"--config\", "
      "\"app.py\", \"--bind\", \"unix:socket\", \"app:application\"]\n");
  start();
  const json end = await(Watchdog::kExitBelow).front();
  EXPECT_EQ(end["exit"]["signal"], "SIGKILL");
  EXPECT_EQ(end["crash"], json());
  EXPECT_EQ(end["parents"][0]["pid"], events("start").front()["process"]["pid"]);
  stop();
  EXPECT_EQ(wait().ending, exited(0));
}

// gunicorn sends SIGABRT to a worker that hangs, whose Python handler never runs, and SIGKILL one
// second later.
TEST_F(Gunicorn, whose_worker_times_out_says_where_it_hung) {
  if (interpreter().path.empty()) {
    GTEST_SKIP() << "no interpreter here has gunicorn (Debian's package gunicorn)";
  }
  script("app", R"(
import ctypes, os
mutex = ctypes.create_string_buffer(64)
def hang_with_the_gil():
    for _ in range(2):
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)
def post_worker_init(worker):
    if not os.path.exists("hung"):
        open("hung", "w").close()
        hang_with_the_gil()
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"fine"]
)");
  config(
      "[[worker]]\nname = \"shop\"\ncommand = [\"-m\", \"gunicorn\", \"--config\", "
      "\"app.py\", \"--timeout\", \"1\", \"--bind\", \"unix:socket\", \"app:application\"]\n");
  start();
  const json dump = await("dump").front();
  EXPECT_EQ(dump["worker"], "shop");
  EXPECT_EQ(dump["requested_by"]["signal"], "SIGABRT");
  EXPECT_EQ(dump["requested_by"]["sender_pid"], dump["process"]["ppid"]);
  EXPECT_THAT(dump["threads"][0].dump(), testing::HasSubstr("\"hang_with_the_gil\""));
  EXPECT_EQ(await(Watchdog::kExitBelow).front()["exit"]["signal"], "SIGKILL");
  stop();
  EXPECT_EQ(wait().ending, exited(0));
}

}  // namespace
}  // namespace pyfault::test
