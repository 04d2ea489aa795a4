// What a worker of the service finds in its environment, and what becomes of what it reports and
// writes.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/service_fixture.h"
#include "tests/e2e/service_workers.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;

// Readiness.

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

// Output.

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

TEST_F(ServiceTest, of_a_chatty_worker_as_many_lines_pass_as_its_limit_lets) {
  one_worker("for line in range(1000): print('line', line)",
             "output_limit = { lines = 10 }\nessential = true\nrestart = \"no\"");
  start();
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_THAT(service().output(), HasSubstr(" web: line 9\n"));
  EXPECT_THAT(service().output(), HasSubstr(" web: 990 lines were left out: more than "
                                            "'output_limit' lets pass\n"));
  EXPECT_THAT(service().output(), Not(HasSubstr(" web: line 10\n")));
}

// The test does not read the service's stdout until the worker is done.
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

// Environment.

TEST_F(ServiceTest, a_worker_is_run_as_configured) {
  std::filesystem::create_directory(file("there"));
  script("worker", R"(
import os, resource
os.umask(mask := os.umask(0))
with open("seen", "w") as seen:
    print(os.getcwd(), oct(mask), os.environ["GREETING"], os.getsid(0) == os.getpid(),
          resource.getrlimit(resource.RLIMIT_NOFILE)[0], os.isatty(0),
          os.sched_getscheduler(0) == os.SCHED_OTHER, file=seen)
)");
  config("[[worker]]\nname = \"web\"\ncommand = [\"" + file("worker.py").string() +
         "\"]\ndirectory = \"" + file("there").string() +
         "\"\numask = \"027\"\nenvironment = { GREETING = \"hello\" }\nlimits = { nofile = 99 }\n");
  start();
  EXPECT_EQ(await_file("there/seen"), std::filesystem::canonical(file("there")).string() +
                                          " 0o27 hello True 99 False True\n");
}

class OtherUser : public ServiceTest {
 protected:
  OtherUser() : ServiceTest(system_interpreter()) {}
};

TEST_F(OtherUser, runs_a_worker) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights to run a worker as somebody else";
  if (interpreter().path.empty()) GTEST_SKIP() << "no interpreter that every user may run";
  let_others_in();
  one_worker(R"(
import ctypes, os
with open("who", "w") as who:
    print(os.getuid(), os.getgroups() == [os.getgid()], os.environ["USER"], file=who)
ctypes.memset(0, 1, 1)
)",
             "user = \"nobody\"\nrestart = \"no\"\n");
  start();
  EXPECT_EQ(await_file("who"), "65534 True nobody\n");
  EXPECT_EQ(await("exit").front()["crash"], await("crash").front()["id"]);
}

TEST_F(ServiceTest, what_a_worker_writes_is_harmless_on_a_terminal) {
  one_worker("print('\\x1b[2J\\x07')", "essential = true\nrestart = \"no\"");
  const Outcome outcome = run({.command = {watchdog_path(), "--config", file("service.toml")},
                               .environment = environment(),
                               .directory = file(""),
                               .own_terminal = true});
  EXPECT_THAT(outcome.out, HasSubstr(" web: \\x1b[2J\\x07\r\n"));
}

}  // namespace
}  // namespace pyfault::test
