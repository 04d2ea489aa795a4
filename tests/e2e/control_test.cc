// pyfaultctl against a real service with real workers.
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
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr char kServes[] = R"(
import signal, sys, threading
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
def helper():
    threading.Event().wait()
threading.Thread(target=helper, daemon=True, name="helper").start()
def serve():
    while True:
        signal.pause()
serve()
)";

constexpr char kCrashes[] = "import ctypes\nctypes.memset(0, 1, 1)\n";
// Settings of a worker that crashes at once: even on a slow machine it neither becomes ready before
// the crash nor is restarted during the test.
constexpr char kOnce[] = "ready = { after = \"1h\" }\nbackoff = { initial = \"50s\" }\n";

constexpr int kWell = 0;
constexpr int kNotWell = 1;
constexpr int kNotRunning = 3;
constexpr int kNoWorker = 4;

class ControlTest : public ServiceTest {
 protected:
  void two_web_workers(const std::string& settings = "", const std::string& more = "") const {
    script("serves", kServes);
    config("[[worker]]\nname = \"web\"\ninstances = 2\ncommand = [\"serves.py\"]\n" + settings +
           "\n" + more);
  }
  void start_and_await_ready(std::size_t count = 2) {
    start();
    await("ready", count);
  }
  // The cells of the table that `pyfaultctl status` prints, without the headings.
  std::vector<std::vector<std::string>> table(std::vector<std::string> workers = {}) const {
    workers.insert(workers.begin(), "status");
    auto lines = split_lines(ctl(workers).out);
    lines.erase(lines.begin());
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : lines) {
      std::istringstream stream(line);
      for (rows.emplace_back(); std::getline(stream, rows.back().emplace_back(), '\t');) {
      }
    }
    return rows;
  }
  json status(const std::string& worker) const {
    return json::parse(ctl({"status", worker, "--json"}).out).at("workers").at(0);
  }
  void expect_state(const std::string& worker, const std::string& state) const {
    EXPECT_EQ(status(worker)["state"], state);
  }
};

TEST_F(ControlTest, status_shows_a_line_for_each_worker) {
  two_web_workers();
  start_and_await_ready();
  const auto rows = table();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0][0], "web#1");
  EXPECT_EQ(rows[0][1], "up");
  EXPECT_TRUE(is_alive(std::stoi(rows[0][2])));
  EXPECT_EQ(ctl({"status"}).ending, exited(kWell));
}

TEST_F(ControlTest, status_on_a_terminal_has_colours_and_columns) {
  two_web_workers();
  start_and_await_ready();
  const Outcome shown = ctl({"status"}, {.environment = {{"TERM", "xterm"}}, .own_terminal = true});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("\033[32mup\033[0m"), Not(HasSubstr("\t"))));
  EXPECT_THAT(ctl({"status"}).out, Not(HasSubstr("\033")));
}

TEST_F(ControlTest, status_of_one_worker_shows_how_it_ended_last) {
  one_worker("print('hello', flush=True)\nraise ValueError('no such table')",
             "backoff = { initial = 60, jitter = 0 }");
  start();
  await("exit");
  const std::string shown = ctl({"status", "web"}).out;
  EXPECT_THAT(shown,
              HasSubstr("\nweb ended last: exit code 1 (ValueError: no such table)\nhello\n"));
  EXPECT_EQ(status("web")["last_exit"]["exception"], "ValueError: no such table");
}

TEST_F(ControlTest, status_says_what_a_failing_worker_died_of_and_when_it_is_tried_again) {
  one_worker(kCrashes, kOnce);
  start();
  await("exit");
  const Outcome shown = ctl({"status"});
  EXPECT_EQ(shown.ending, exited(kNotWell));
  const auto row = table().at(0);
  EXPECT_THAT(row[1], testing::MatchesRegex("backoff [1-5].s"));
  EXPECT_THAT(row[5], StartsWith("SIGSEGV, "));
  EXPECT_THAT(row[6], StartsWith("SIGSEGV, "));
  EXPECT_EQ(status("web")["last_crash"]["id"], events("crash").at(0)["id"]);
}

TEST_F(ControlTest, without_a_service_that_is_what_it_says) {
  const Outcome shown = ctl({"status"});
  EXPECT_EQ(shown.ending, exited(kNotRunning));
  EXPECT_THAT(split_lines(shown.err), ElementsAre(HasSubstr("no service is running at")));
}

TEST_F(ControlTest, a_worker_that_is_not_there_is_named_with_the_one_that_was_meant) {
  two_web_workers();
  start_and_await_ready();
  const Outcome shown = ctl({"status", "wbe"});
  EXPECT_EQ(shown.ending, exited(kNoWorker));
  EXPECT_THAT(split_lines(shown.err),
              ElementsAre(AllOf(HasSubstr("no worker 'wbe'"), HasSubstr("'web'?"))));
}

TEST_F(ControlTest, stop_stops_all_instances_and_waits_for_it) {
  two_web_workers();
  start_and_await_ready();
  const int pid = status("web#1")["pid"];
  const Outcome shown = ctl({"stop", "web"});
  EXPECT_EQ(shown.ending, exited(0));
  EXPECT_THAT(shown.out, AnyOf("web#1 is stopped\nweb#2 is stopped\n",
                               "web#2 is stopped\nweb#1 is stopped\n"));
  EXPECT_FALSE(is_alive(pid));
  EXPECT_THAT(table({"web#2"}).at(0)[1], "stopped");
}

TEST_F(ControlTest, what_was_stopped_by_hand_stays_stopped_over_a_reload_and_starts_by_hand) {
  two_web_workers();
  start_and_await_ready();
  ctl({"stop", "web#1"});
  two_web_workers("umask = \"027\"");  // the change requires new processes of both workers
  EXPECT_EQ(ctl({"reload"}).ending, exited(0));
  await("start", 3);
  await("ready", 3, "");
  expect_state("web#1", "stopped");
  expect_state("web#2", "up");
  const Outcome shown = ctl({"start", "web#1"});
  EXPECT_THAT(shown.out, StartsWith("web#1 is up, PID "));
  expect_state("web#1", "up");
}

TEST_F(ControlTest, restart_waits_for_the_new_process) {
  two_web_workers();
  start_and_await_ready();
  const int before = status("web#1")["pid"];
  EXPECT_EQ(ctl({"restart", "web#1"}).ending, exited(0));
  EXPECT_NE(status("web#1")["pid"], before);
  expect_state("web#1", "up");
}

TEST_F(ControlTest, without_waiting_it_is_told_and_that_is_all) {
  two_web_workers();
  start_and_await_ready();
  EXPECT_EQ(ctl({"stop", "--all", "--no-wait"}).out, "web#1 was told\nweb#2 was told\n");
  await("exit", 2);
}

TEST_F(ControlTest, a_start_that_fails_says_of_what) {
  one_worker(kCrashes, kOnce);
  start();
  await("exit");
  const Outcome shown = ctl({"start", "web"});
  EXPECT_EQ(shown.ending, exited(1));
  EXPECT_THAT(shown.err, HasSubstr("web has failed: SIGSEGV; it is tried again in "));
}

TEST_F(ControlTest, a_broken_configuration_is_refused_with_all_its_mistakes) {
  two_web_workers();
  start_and_await_ready();
  two_web_workers("restrat = \"no\"\numask = 27");
  const Outcome shown = ctl({"reload"});
  EXPECT_EQ(shown.ending, exited(1));
  EXPECT_THAT(split_lines(shown.err),
              ElementsAre(AllOf(HasSubstr("service.toml:5:"), HasSubstr("'restart'?")),
                          HasSubstr("service.toml:6:")));
  expect_state("web#1", "up");
}

TEST_F(ControlTest, events_are_kept_and_followed) {
  two_web_workers();
  start_and_await_ready();
  EXPECT_THAT(split_lines(ctl({"events"}).out), SizeIs(4));  // two starts, and ready twice
  EXPECT_THAT(ctl({"events", "-n", "1"}).out, HasSubstr("is ready after"));
  ChildProcess follower(
      {.command = {ctl_path(), "events", "-f", "-n", "0", "--json"}, .environment = environment()});
  // The follower may have missed the first restart, so restart until it sees one.
  while (follower.output().empty()) {
    ctl({"restart", "web#1"});
    follower.await("\"worker\":\"web#1\"");
  }
  EXPECT_EQ(json::parse(split_lines(follower.output()).front()).at("schema"), "pyfault/1");
}

TEST_F(ControlTest, a_dump_shows_the_stacks_of_all_threads_of_a_worker_that_runs_on) {
  two_web_workers();
  start_and_await_ready();
  const Outcome shown = ctl({"dump", "web#1"});
  EXPECT_EQ(shown.ending, exited(0)) << shown.err;
  EXPECT_THAT(shown.out,
              AllOf(HasSubstr("in serve\n"), HasSubstr("\"helper\""), HasSubstr("in helper\n")));
  EXPECT_TRUE(is_alive(status("web#1")["pid"]));
}

TEST_F(ControlTest, a_dump_by_process_as_json) {
  two_web_workers();
  start_and_await_ready();
  const int pid = status("web#2")["pid"];
  const json dump = json::parse(ctl({"dump", std::to_string(pid), "--json"}).out);
  EXPECT_EQ(dump["event"], "dump");
  EXPECT_EQ(dump["worker"], "web#2");
  EXPECT_THAT(dump["threads"], SizeIs(2));
}

TEST_F(ControlTest, a_dump_has_native_stacks_if_the_worker_wants_them) {
  two_web_workers("native = \"on\"");
  start_and_await_ready();
  const auto dump = [this] { return json::parse(ctl({"dump", "web#1", "--json"}).out); };
  const auto is_merged = [](const json& thread) {
    return thread["native"]["complete"] == true && thread["native"]["merged_by"] != "none";
  };
  // On a busy machine the threads may not have begun to wait.
  constexpr int kTries = 10;
  json threads;
  for (int tries = 0; tries < kTries && threads.size() < 2; ++tries) {
    threads = dump()["threads"];
    if (!std::ranges::all_of(threads, is_merged)) threads.clear();
  }
  EXPECT_THAT(threads, SizeIs(2));
}

TEST_F(ControlTest, where_there_can_be_no_dump_it_says_why) {
  two_web_workers("dump_signal = \"none\"",
                  "[[worker]]\nname = \"shell\"\ncommand = [\"sleep\", \"1000\"]\n");
  start_and_await_ready(3);
  const auto refusal = [this](const std::string& target, int code = kNotWell) {
    const Outcome shown = ctl({"dump", target});
    EXPECT_EQ(shown.ending, exited(code));
    EXPECT_THAT(split_lines(shown.err), SizeIs(1));
    return shown.err;
  };
  EXPECT_THAT(refusal("web#1"), HasSubstr("dump_signal is \"none\""));
  EXPECT_THAT(refusal("shell"), HasSubstr("no process with an armed agent"));
  EXPECT_THAT(refusal("nobody", kNoWorker), HasSubstr("there is no worker 'nobody'"));
  EXPECT_THAT(refusal(std::to_string(::getpid())), HasSubstr("no worker has a process"));
  ctl({"stop", "shell"});
  EXPECT_THAT(refusal("shell"), HasSubstr("has no process: its state is stopped"));
}

TEST_F(ControlTest, a_process_that_cannot_answer_is_not_waited_for_without_end) {
  two_web_workers();
  start_and_await_ready();
  const int pid = status("web#1")["pid"];
  ::kill(pid, SIGSTOP);
  const Outcome shown = ctl({"dump", "web#1"});
  ::kill(pid, SIGCONT);
  EXPECT_EQ(shown.ending, exited(1));
  EXPECT_THAT(split_lines(shown.err), ElementsAre(HasSubstr("has not answered within")));
}

TEST_F(ControlTest, a_configuration_is_checked_without_a_service) {
  two_web_workers();
  EXPECT_EQ(ctl({"check-config", "service.toml"}).out, "service.toml: ok, 2 workers\n");
  two_web_workers("restrat = \"no\"\numask = 27");
  const Outcome shown = ctl({"check-config", "service.toml"});
  EXPECT_EQ(shown.ending, exited(1));
  start();
  std::string at_start = wait().err;
  const std::string prefix = "pyfault-watchdog: ";
  for (std::size_t at = 0; (at = at_start.find(prefix)) != at_start.npos;) {
    at_start.erase(at, prefix.size());
  }
  EXPECT_EQ(shown.err, at_start);
}

class Completion : public ControlTest {
 protected:
  // What bash completes the last of `words` to.
  std::vector<std::string> offers(const std::string& program, const std::string& words) const {
    const std::string code = R"(
source "$0/$1.bash"
PATH=$2:$PATH
read -ra COMP_WORDS <<<"$1 $3"
[[ $3 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_${1//-/_}
printf '%s\n' "${COMPREPLY[@]}")";
    return split_lines(run({.command = {"bash", "-c", code, PYFAULT_COMPLETION, program,
                                        ctl_path().parent_path(), words},
                            .environment = environment(),
                            .directory = file("")})
                           .out);
  }
};

TEST_F(Completion, knows_the_workers_of_the_running_service) {
  two_web_workers();
  start_and_await_ready();
  EXPECT_THAT(offers("pyfaultctl", "restart w"), ElementsAre("web", "web#1", "web#2"));
  EXPECT_THAT(offers("pyfaultctl", "status web#"), ElementsAre("web#1", "web#2"));
}

TEST_F(Completion, knows_commands_and_options) {
  EXPECT_THAT(offers("pyfaultctl", "re"), ElementsAre("restart", "reload"));
  EXPECT_THAT(offers("pyfaultctl", "stop --"), ElementsAre("--all", "--no-wait"));
  EXPECT_THAT(offers("pyfault-watchdog", "--log"), ElementsAre("--log", "--log-format"));
  EXPECT_THAT(offers("pyfault-watchdog", "--log-format f"), ElementsAre("faulthandler"));
}

TEST_F(Completion, without_a_service_there_are_no_workers_and_no_noise) {
  EXPECT_THAT(offers("pyfaultctl", "stop --all w"), ElementsAre(""));
}

TEST_F(Completion, offers_files_where_files_are_meant) {
  two_web_workers();
  EXPECT_THAT(offers("pyfaultctl", "check-config ser"),
              UnorderedElementsAre("serves.py", "service.toml"));
}

class ControlSocket : public ControlTest {
 protected:
  std::string named(const std::string& place) const {
    return "[control]\nsocket = \"" + (file(place) / "control").string() + "\"\n";
  }
  std::string socket(const std::string& place) const { return file(place) / "control"; }
  Outcome second_service() const {
    return run({.command = {watchdog_path(), "--config", "service.toml", "--log", "log2"},
                .environment = environment(),
                .directory = file("")});
  }
};

TEST_F(ControlSocket, a_second_service_at_a_named_path_is_told_and_does_not_start) {
  two_web_workers("", named("here"));
  start_and_await_ready();
  const Outcome second = second_service();
  EXPECT_EQ(second.ending, exited(125));
  EXPECT_THAT(split_lines(second.err), ElementsAre(HasSubstr("another service listens there")));
  EXPECT_EQ(ctl({"--socket", socket("here"), "status"}).ending, exited(kWell));
}

TEST_F(ControlSocket, a_second_service_where_none_was_named_goes_on_without) {
  two_web_workers();
  start_and_await_ready();
  ChildProcess second({.command = {watchdog_path(), "--config", "service.toml", "--log", "log2",
                                   "--python", interpreter().path},
                       .environment = environment(),
                       .directory = file("")});
  await_that("the second service's word", [this] {
    return std::filesystem::exists(file("log2")) &&
           read_file(file("log2")).find("another service listens there") != std::string::npos;
  });
  EXPECT_EQ(json::parse(ctl({"status", "--json"}).out)["service"]["pid"], service().pid());
  second.send(SIGTERM);
  EXPECT_EQ(second.wait().ending, exited(0));
  EXPECT_EQ(ctl({"status"}).ending, exited(kWell));
}

TEST_F(ControlSocket, of_a_service_that_was_killed_is_taken_over_by_the_next) {
  two_web_workers();
  start_and_await_ready();
  service().send(SIGKILL);
  wait();
  EXPECT_EQ(ctl({"status"}).ending, exited(kNotRunning));
  start();
  await("ready", 4);
  EXPECT_EQ(ctl({"status"}).ending, exited(kWell));
}

TEST_F(ControlSocket, moves_with_the_configuration) {
  two_web_workers();
  start_and_await_ready();
  two_web_workers("", named("there"));
  EXPECT_EQ(ctl({"reload"}).ending, exited(0));
  EXPECT_EQ(ctl({"--socket", socket("there"), "status"}).ending, exited(kWell));
  EXPECT_EQ(ctl({"status"}).ending, exited(kNotRunning));
}

TEST_F(ControlSocket, can_be_done_without) {
  two_web_workers("", "[control]\nsocket = \"none\"\n");
  start_and_await_ready();
  EXPECT_EQ(ctl({"status"}).ending, exited(kNotRunning));
}

TEST_F(ControlSocket, is_gone_when_the_service_has_ended) {
  two_web_workers();
  start_and_await_ready();
  stop();
  wait();
  EXPECT_FALSE(std::filesystem::exists(file("control")));
}

TEST_F(ControlSocket, is_closed_to_other_users) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights to become another user";
  two_web_workers();
  start_and_await_ready();
  std::filesystem::permissions(file(""), std::filesystem::perms(0755));
  std::filesystem::permissions(file("control"), std::filesystem::perms(0777));  // by mistake
  constexpr uid_t kNobody = 65534;
  // The other user must be able to run the program as well.
  std::filesystem::copy(ctl_path(), file("pyfaultctl"));
  std::filesystem::permissions(file("pyfaultctl"), std::filesystem::perms(0755));
  const Outcome shown = run({.command = {file("pyfaultctl"), "stop", "--all"},
                             .environment = environment(),
                             .before_exec = [] { return void(::setuid(kNobody)); }});
  EXPECT_EQ(shown.ending, exited(1));
  EXPECT_THAT(shown.err, HasSubstr("only root and the service's own user may ask"));
  expect_state("web#1", "up");
}

}  // namespace
}  // namespace pyfault::test
