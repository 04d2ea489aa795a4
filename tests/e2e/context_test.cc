// What a program says about itself is in the report of its crash, of its dump, and of its end,
// however it ends; secrets are not.
#include <gmock/gmock.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/e2e/service_fixture.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// Calls the agent as pyfault's extension does.
constexpr char kAgent[] = R"(
import ctypes, os, signal, sys, threading
agent = ctypes.CDLL(None)
agent.pyfault_annotate.argtypes = [
    ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
agent.pyfault_breadcrumb.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
def annotate(key, value, tid=0):
    k, v = key.encode(), value.encode()
    assert agent.pyfault_annotate(k, len(k), v, len(v), tid) == 0
def breadcrumb(text):
    t = text.encode()
    assert agent.pyfault_breadcrumb(t, len(t)) == 0
def crash():
    ctypes.memset(0, 1, 1)
)";

std::string texts(const json& breadcrumbs) {
  std::string all;
  for (const json& each : breadcrumbs) all += each.at("text").get<std::string>() + '\n';
  return all;
}

class Said : public BothWays {
 protected:
  Outcome run_program(const std::string& code, const std::string& format = "json",
                      const std::vector<std::string>& options = {}) {
    program(kAgent + code);
    Launch launch = watched();
    launch.command = watchdog().format(format).command({"program.py", "--token", "hunter2"});
    launch.command.insert(launch.command.begin() + 1, options.begin(), options.end());
    return run(std::move(launch));
  }
  json only(const std::string& kind) const {
    const auto events = watchdog().events(kind);
    return events.size() == 1 ? events.front() : json(std::to_string(events.size()) + " events");
  }
};
INSTANTIATE_TEST_SUITE_P(E2e, Said, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(Said, is_in_the_crash_and_in_the_end_that_follows) {
  run_program(R"(
annotate("task", "resize")
annotate("id", "6")
annotate("id", "7")
breadcrumb("loaded 12 rows")
breadcrumb("GET /cart")
assert agent.pyfault_heartbeat() == 0
crash()
)");
  for (const char* kind : {"crash", "exit"}) {
    const json event = only(kind);
    EXPECT_EQ(event.at("annotations"), json({{"task", "resize"}, {"id", "7"}})) << kind;
    EXPECT_EQ(texts(event.at("breadcrumbs")), "loaded 12 rows\nGET /cart\n") << kind;
    EXPECT_LT(event.at("heartbeat_age_seconds"), 60) << kind;
  }
  EXPECT_LE(only("crash").at("breadcrumbs")[0].at("time"), only("crash").at("time"));
}

TEST_P(Said, survives_a_kill) {
  run_program(R"(
annotate("task", "resize")
annotate("step", "2", threading.get_native_id())
for i in range(40): breadcrumb(str(i))
os.kill(os.getpid(), signal.SIGKILL)
)");
  EXPECT_EQ(only("exit").at("annotations"), json({{"task", "resize"}, {"step", "2"}}));
  EXPECT_THAT(texts(only("exit").at("breadcrumbs")), testing::StartsWith("8\n9\n"));
  EXPECT_EQ(only("exit").at("breadcrumbs").size(), 32U);
}

TEST_P(Said, is_in_a_clean_end) {
  run_program(R"(annotate("task", "resize"))");
  EXPECT_EQ(only("exit").at("annotations"), json({{"task", "resize"}}));
}

TEST_P(Said, is_in_a_dump) {
  run_program(R"(
annotate("task", "resize")
annotate("step", "2", threading.get_native_id())
breadcrumb("GET /cart")
agent.pyfault_dump()
)");
  EXPECT_EQ(only("dump").at("annotations"), json({{"task", "resize"}, {"step", "2"}}));
  EXPECT_EQ(texts(only("dump").at("breadcrumbs")), "GET /cart\n");
}

TEST_P(Said, in_one_thread_holds_for_that_one) {
  run_program(R"(
annotate("task", "all")
waiting = threading.Event()
def wait():
    annotate("task", "wait", threading.get_native_id())
    waiting.set()
    threading.Event().wait()
threading.Thread(target=wait, daemon=True).start()
waiting.wait()
annotate("task", "mine", threading.get_native_id())
crash()
)");
  const json crash = only("crash");
  EXPECT_EQ(crash.at("annotations"), json({{"task", "mine"}}));
  EXPECT_EQ(crash.at("threads")[1].at("annotations"), json({{"task", "wait"}}));
  EXPECT_EQ(only("exit").at("annotations"), json({{"task", "2 open: mine; wait"}}));
}

TEST_P(Said, by_a_parent_is_its_forked_childs_too) {
  run_program(R"(
annotate("task", "resize")
breadcrumb("parent")
if os.fork() == 0:
    annotate("child", "1")
    breadcrumb("child")
    crash()
os.wait()
os.kill(os.getpid(), signal.SIGKILL)
)");
  EXPECT_EQ(only("crash").at("annotations"), json({{"task", "resize"}, {"child", "1"}}));
  EXPECT_EQ(texts(only("crash").at("breadcrumbs")), "parent\nchild\n");
  EXPECT_EQ(only(Watchdog::kExitBelow).at("annotations").at("child"), "1");
  EXPECT_EQ(only("exit").at("annotations"), json({{"task", "resize"}}));
  EXPECT_EQ(texts(only("exit").at("breadcrumbs")), "parent\n");
}

TEST_P(Said, is_not_said_by_what_it_executes) {
  run_program(R"(
annotate("task", "resize")
os.execv(sys.executable, [sys.executable, '-c', 'import ctypes; ctypes.memset(0, 1, 1)'])
)");
  EXPECT_EQ(only("crash").at("annotations"), json::object());
  EXPECT_FALSE(only("exit").contains("annotations"));
}

TEST_P(Said, is_in_the_text_report) {
  run_program("annotate('task', 'resize')\nbreadcrumb('GET /cart')\ncrash()", "text");
  EXPECT_THAT(watchdog().report(), HasSubstr("\n  annotations: task=resize\n  breadcrumbs:\n"));
  EXPECT_THAT(watchdog().report(), HasSubstr("Z GET /cart\n"));
}

constexpr char kSecrets[] = R"(
annotate("password", "hunter2")
annotate("url", "postgres://bob:hunter2@db")
breadcrumb("login with token=hunter2")
crash()
)";

TEST_P(Said, has_no_secrets) {
  for (const char* format : {"json", "text"}) run_program(kSecrets, format);
  EXPECT_THAT(watchdog().report(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(watchdog().report(), HasSubstr("login with token=[redacted]"));
  EXPECT_THAT(watchdog().report(), HasSubstr(" --token [redacted]\n"));
}

TEST_P(Said, has_secrets_if_that_is_wanted) {
  run_program(kSecrets, "json", {"--no-redact"});
  EXPECT_EQ(only("crash").at("annotations").at("password"), "hunter2");
  EXPECT_EQ(only("crash").at("process").at("command").back(), "hunter2");
}

class SaidByWorker : public ServiceTest {};

TEST_F(SaidByWorker, survives_a_kill) {
  one_worker(std::string(kAgent) + R"(
annotate("task", "resize")
annotate("pin", "4711")
os.kill(os.getpid(), signal.SIGKILL)
)",
             "restart = \"no\"\n[service]\nredact = [\"pin\"]");
  start();
  const json exit = await("exit").front();
  EXPECT_EQ(exit.at("annotations"), json({{"task", "resize"}, {"pin", "[redacted]"}}));
  stop();
  wait();
}

}  // namespace
}  // namespace pyfault::test
