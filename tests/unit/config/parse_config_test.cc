// Valid configurations, and what they mean.
#include "watchdog/config/parse_config.h"

#include <gmock/gmock.h>

#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr char kWorker[] = "[[worker]]\nname = \"web\"\ncommand = [\"gunicorn\", \"app:app\"]\n";

Config config_of(const std::string& text) {
  const ParsedConfig parsed = parse_config(text);
  EXPECT_THAT(parsed.problems, IsEmpty()) << describe(parsed.problems.front(), "file");
  return parsed.config;
}

WorkerConfig worker_with(const std::string& lines) {
  return config_of(kWorker + lines).workers.at(0);
}

TEST(ParseConfig, a_name_and_a_command_are_enough) {
  const WorkerConfig worker = worker_with("");
  EXPECT_EQ(worker.name, "web");
  EXPECT_THAT(worker.command, ElementsAre("gunicorn", "app:app"));
}

TEST(ParseConfig, the_file_that_is_installed_names_no_worker) {
  const auto text = read_file(PYFAULT_INSTALLED_CONFIG, std::size_t{1} << 20);
  ASSERT_TRUE(text);
  EXPECT_THAT(config_of(*text).workers, IsEmpty());
}

TEST(ParseConfig, there_need_not_be_a_worker_yet) {
  EXPECT_THAT(config_of("").workers, IsEmpty());
}

TEST(ParseConfig, the_defaults_are_those_of_a_service) {
  const WorkerConfig worker = worker_with("");
  EXPECT_EQ(worker.restart.mode, RestartMode::kOnFailure);
  EXPECT_EQ(worker.restart.backoff, (Backoff{1s, 2, 60s, 0.1}));
  EXPECT_EQ(worker.restart.crash_loop, (CrashLoopLimits{5, 10min, 3, CrashLoopAction::kRetry}));
  EXPECT_EQ(worker.ready, (Readiness{ReadyBy::kAlive, 1s, 120s}));
  EXPECT_EQ(worker.stop, (StopSettings{SIGTERM, 30s}));
  EXPECT_EQ(worker.output, OutputMode::kCapture);
  EXPECT_FALSE(worker.essential);
  EXPECT_FALSE(worker.all_exits);
  EXPECT_FALSE(worker.restart_tainted);
  EXPECT_EQ(worker.native, NativeMode::kOn);
  EXPECT_FALSE(worker.umask);
}

TEST(ParseConfig, says_who_runs_it_where_and_with_what) {
  const WorkerConfig worker = worker_with(R"(
    directory = "/srv/shop"
    user = "www-data"
    group = "adm"
    umask = "027"
    python = "python3.12"
    environment = { A = "1", B = "" }
    limits = { nofile = 1024, as = "2G", core = "0:unlimited" }
  )");
  EXPECT_EQ(worker.directory, "/srv/shop");
  EXPECT_EQ(worker.user, "www-data");
  EXPECT_EQ(worker.group, "adm");
  EXPECT_EQ(worker.umask, 027u);
  EXPECT_EQ(worker.python, "python3.12");
  EXPECT_THAT(worker.environment, ElementsAre(Pair("A", "1"), Pair("B", "")));
  EXPECT_THAT(worker.limits,
              testing::UnorderedElementsAre(ResourceLimit{RLIMIT_NOFILE, 1024, 1024},
                                            ResourceLimit{RLIMIT_AS, 2ul << 30, 2ul << 30},
                                            ResourceLimit{RLIMIT_CORE, 0, RLIM_INFINITY}));
}

TEST(ParseConfig, says_how_it_is_kept_alive) {
  const WorkerConfig worker = worker_with(R"(
    restart = "always"
    essential = true
    all_exits = true
    restart_tainted = true
    native = "full"
    start_order = -3
    output = "inherit"
    dump_signal = "RTMIN+1"
    [worker.backoff]
    initial = "500ms"
    factor = 1.5
    max = 10
    jitter = 0
    [worker.crash_loop]
    failures = 10
    window = "1h"
    before_ready = 0
    then = "give-up"
    [worker.ready]
    by = "notify"
    timeout = "5min"
    [worker.stop]
    signal = "SIGINT"
    timeout = 2.5
  )");
  EXPECT_EQ(worker.restart.mode, RestartMode::kAlways);
  EXPECT_EQ(worker.restart.backoff, (Backoff{500ms, 1.5, 10s, 0}));
  EXPECT_EQ(worker.restart.crash_loop, (CrashLoopLimits{10, 1h, 0, CrashLoopAction::kGiveUp}));
  EXPECT_EQ(worker.ready, (Readiness{ReadyBy::kNotify, 1s, 5min}));
  EXPECT_EQ(worker.stop, (StopSettings{SIGINT, 2500ms}));
  EXPECT_EQ(worker.start_order, -3);
  EXPECT_TRUE(worker.essential);
  EXPECT_TRUE(worker.all_exits);
  EXPECT_TRUE(worker.restart_tainted);
  EXPECT_EQ(worker.native, NativeMode::kFull);
  EXPECT_EQ(worker.output, OutputMode::kInherit);
  EXPECT_EQ(worker.dump_signal, SIGRTMIN + 1);
}

TEST(ParseConfig, what_is_dumped_before_a_handler_has_it) {
  EXPECT_EQ(worker_with("").dump_before, std::vector{SIGABRT});
  EXPECT_EQ(worker_with("dump_before = [\"TERM\", \"SIGABRT\"]").dump_before,
            (std::vector{SIGABRT, SIGTERM}));
  EXPECT_TRUE(worker_with("dump_before = \"none\"").dump_before.empty());
}

TEST(ParseConfig, a_worker_need_not_be_asked_for_its_stacks) {
  EXPECT_EQ(worker_with("dump_signal = \"none\"").dump_signal, 0);
}

TEST(ParseConfig, defaults_hold_for_all_that_do_not_say_otherwise) {
  const Config config = config_of(R"(
    [defaults]
    stop = { signal = "INT", timeout = "5s" }
    environment = { A = "1", B = "2" }
    [[worker]]
    name = "a"
    command = ["a"]
    [[worker]]
    name = "b"
    command = ["b"]
    stop = { timeout = "9s" }
    environment = { B = "3" }
  )");
  EXPECT_EQ(config.workers.at(0).stop, (StopSettings{SIGINT, 5s}));
  EXPECT_EQ(config.workers.at(1).stop, (StopSettings{SIGINT, 9s}));
  EXPECT_THAT(config.workers.at(1).environment, ElementsAre(Pair("A", "1"), Pair("B", "3")));
}

TEST(ParseConfig, instances_are_counted_up_and_may_know_their_number) {
  const Config config = config_of(R"(
    [[worker]]
    name = "web"
    instances = 2
    directory = "/srv/{instance}"
    command = ["serve", "--port", "800{instance}", "{instances}"]
    environment = { ME = "{instance}{instance}" }
  )");
  ASSERT_EQ(config.workers.size(), 2u);
  EXPECT_EQ(config.workers[0].name, "web#1");
  EXPECT_EQ(config.workers[1].name, "web#2");
  EXPECT_EQ(config.workers[1].directory, "/srv/2");
  EXPECT_THAT(config.workers[1].command, ElementsAre("serve", "--port", "8002", "{instances}"));
  EXPECT_EQ(config.workers[1].environment.at("ME"), "22");
}

TEST(ParseConfig, a_worker_that_only_moved_in_the_file_is_the_same) {
  EXPECT_EQ(worker_with(""), config_of("# a comment\n\n" + std::string(kWorker)).workers.at(0));
}

TEST(ParseConfig, workers_outlive_the_watchdog_unless_told_otherwise) {
  EXPECT_EQ(config_of(kWorker).on_watchdog_death, WatchdogDeath::kLeave);
  EXPECT_EQ(
      config_of(std::string(kWorker) + "[service]\non_watchdog_death = \"kill\"").on_watchdog_death,
      WatchdogDeath::kKill);
}

TEST(ParseConfig, the_service_says_what_else_is_a_secret) {
  EXPECT_EQ(config_of(kWorker).redaction, RedactionSettings{});
  EXPECT_EQ(config_of(std::string(kWorker) + "[service]\nredact = [\"pin\"]").redaction,
            (RedactionSettings{true, {"pin"}}));
  EXPECT_FALSE(config_of(std::string(kWorker) + "[service]\nredact = \"none\"").redaction.is_on);
}

TEST(ParseConfig, debug_information_is_fetched_from_servers_that_the_service_names) {
  EXPECT_THAT(config_of(kWorker).debuginfod, IsEmpty());
  EXPECT_THAT(
      config_of(std::string(kWorker) + "[service]\ndebuginfod = [\"https://a\"]").debuginfod,
      ElementsAre("https://a"));
}

TEST(ParseConfig, guests_are_welcome_unless_the_service_says_otherwise) {
  EXPECT_TRUE(config_of(kWorker).guests);
  EXPECT_FALSE(config_of(std::string(kWorker) + "[service]\nguests = false").guests);
}

TEST(ParseConfig, minidumps_are_written_where_the_service_says) {
  EXPECT_EQ(config_of(kWorker).minidumps, "");
  EXPECT_EQ(config_of(std::string(kWorker) + "[service]\nminidumps = \"/d\"").minidumps, "/d");
}

// What the next watchdog reads of a worker is what this one has read.
TEST(ParseWorker, reads_each_worker_from_its_own_text_as_from_the_file) {
  const auto parsed = parse_config(R"(
[defaults]
environment = { "it's" = "1", BANNER = "\nhello" }

[[worker]]
name = "inline"
command = ["-c", """

import time
def f():
    '''doc'''
"""]

[[worker]]
name = "web"
instances = 2
command = ["serve.py", "--port", "800{instance}"]
backoff = { factor = 2.0 }
)");
  ASSERT_TRUE(parsed.problems.empty());
  EXPECT_EQ(parsed.config.workers.size(), 3u);
  for (const WorkerConfig& worker : parsed.config.workers) {
    EXPECT_EQ(parse_worker(worker.text, worker.name), worker) << worker.text;
  }
}

TEST(ParseWorker, passes_over_what_another_version_knows_or_allows) {
  const auto worker = parse_worker(R"(
[[worker]]
name = "web"
command = ["a"]
mood = "good"
restart = "sometimes"
essential = true
)",
                                   "web");
  ASSERT_TRUE(worker);
  EXPECT_TRUE(worker->essential);
}

TEST(ParseWorker, finds_no_worker_of_another_name) {
  EXPECT_FALSE(parse_worker("worker = [{ name = 'a', command = ['a'] }]", "b"));
  EXPECT_FALSE(parse_worker("worker = [{ name = 'a', command = ['a'], instances = 2 }]", "a"));
  EXPECT_FALSE(parse_worker("[[worker", "a"));
}

}  // namespace
}  // namespace pyfault
