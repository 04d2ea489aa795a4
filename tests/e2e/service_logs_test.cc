// The logs and metrics of a service while its workers live and die.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <regex>

#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"
#include "tests/support/loopback_client.h"
#include "tests/support/reserved_port.h"
#include "tests/support/rsyslog.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kCrashes[] = "import ctypes\nctypes.memset(0, 1, 1)\n";
constexpr char kServes[] = R"(
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    signal.pause()
)";
constexpr char kLogrotate[] = "/usr/sbin/logrotate";
constexpr char kOnce[] = "restart = \"no\"\n";

class ServiceLogs : public ServiceTest {
 protected:
  std::string path(const std::string& name) const { return '"' + file(name).string() + '"'; }
  std::string file_log(const std::string& name, const std::string& lines = "") const {
    return "[[log]]\ntype = \"file\"\npath = " + path(name) + "\n" + lines;
  }
  std::string content(const std::string& name) const {
    return fs::exists(file(name)) ? read_file(file(name)) : "";
  }
  void await_text(const std::string& name, const std::string& text) const {
    await_that((text + " in " + name).c_str(),
               [&] { return content(name).find(text) != std::string::npos; });
  }
  std::string ask(const std::string& path) const {
    const LoopbackClient client(port_.number());
    client.send("GET " + path + " HTTP/1.0\r\n\r\n");
    return client.read_to_end();
  }
  std::string metrics() const {
    return "[metrics]\nlisten = \"127.0.0.1:" + std::to_string(port_.number()) + "\"\n";
  }
  // Rotates the log as a nightly logrotate job does.
  void rotate(const std::string& log) {
    std::ofstream(file("rotation")) << path(log) << " {\n  rotate 3\n  nocreate\n  postrotate\n"
                                    << "    kill -HUP " << service().pid() << "\n  endscript\n}\n";
    fs::permissions(file("rotation"), fs::perms::owner_read | fs::perms::owner_write);
    const Outcome outcome =
        run({{kLogrotate, "--force", "--state", file("rotated"), file("rotation")}});
    EXPECT_EQ(outcome.ending, exited(0)) << outcome.err;
  }
  void end() {
    stop();
    EXPECT_EQ(wait().ending, exited(0));
  }

  const ReservedPort port_{SOCK_STREAM};
};

TEST_F(ServiceLogs, each_has_its_own_format_and_its_own_filter) {
  one_worker(kCrashes, kOnce + file_log("all") +
                           file_log("crashes", "format = \"json\"\nevents = [\"crash\"]\n"));
  start();
  await("exit");
  end();
  EXPECT_THAT(content("all"), HasSubstr(" worker web python3"));
  EXPECT_THAT(content("all"), HasSubstr(" crashed: SIGSEGV "));
  EXPECT_EQ(json::parse(content("crashes"))["event"], "crash");
}

TEST_F(ServiceLogs, one_that_takes_nothing_holds_up_neither_the_others_nor_the_workers) {
  one_worker(kCrashes,
             "backoff = { initial = 0.01, max = 0.01 }\n[[log]]\ntype = \"file\"\n"
             "path = \"/dev/full\"\n[[log]]\ntype = \"syslog\"\n"
             "address = \"tcp://127.0.0.1:" +
                 std::to_string(port_.number()) + "\"\n" + file_log("other"));
  start();
  await("exit", 3);
  await_text("other", " crashed: SIGSEGV ");
  stop();
  const Outcome outcome = wait();
  EXPECT_EQ(outcome.ending, exited(0));
  EXPECT_THAT(outcome.err, HasSubstr("log '/dev/full': No space left on device; reports are kept"));
  EXPECT_THAT(outcome.err, HasSubstr("the log to syslog at 127.0.0.1 port " +
                                     std::to_string(port_.number()) + ": Connection refused"));
}

TEST_F(ServiceLogs, a_file_is_rotated_and_no_line_is_lost) {
  one_worker(kCrashes,
             "backoff = { initial = 0.01, max = 0.01 }\n" +
                 file_log("rotated", "format = \"json\"\nmax_size = \"4K\"\nkeep = 100\n"));
  start();
  await("exit", 10);
  end();
  std::string all;
  for (int number = 100; number >= 1; --number) all += content("rotated." + std::to_string(number));
  EXPECT_NE(all, "");
  EXPECT_EQ(all + content("rotated"), content("log"));
}

TEST_F(ServiceLogs, logrotate_may_take_the_file_away) {
  if (!fs::exists(kLogrotate)) GTEST_SKIP() << "no logrotate here (Debian's package logrotate)";
  one_worker(kServes, file_log("taken"));
  start();
  await("ready");
  await_text("taken", "is ready");
  rotate("taken");
  await_text("taken", "configuration reloaded");
  EXPECT_THAT(content("taken.1"),
              AllOf(HasSubstr("is ready"), Not(HasSubstr("configuration reloaded"))));
  end();
}

TEST_F(ServiceLogs, a_reload_changes_them_and_restarts_nothing) {
  one_worker(kServes, file_log("before"));
  start();
  await("ready");
  one_worker(kServes, file_log("after"));
  reload();
  await_text("after", "configuration reloaded");
  EXPECT_THAT(content("before"), Not(HasSubstr("configuration reloaded")));
  end();
  EXPECT_EQ(events("start").size(), 1u);
}

TEST_F(ServiceLogs, what_a_removed_log_could_not_write_is_told_to_the_others_and_counted) {
  one_worker(kServes,
             metrics() + "[[log]]\ntype = \"file\"\npath = \"/dev/full\"\n" + file_log("other"));
  start();
  await_text("other", "reports are kept until they can be written");
  one_worker(kServes, metrics() + file_log("other"));
  reload();
  await_that("the loss", [&] {
    ctl({"restart", "web"});  // causes events, the next of which is preceded by the notice
    return content("other").find("could not be written") != std::string::npos;
  });
  EXPECT_THAT(ask("/metrics"), Not(HasSubstr("\npyfault_reports_dropped_total 0\n")));
  end();
}

TEST_F(ServiceLogs, a_reload_with_a_log_that_cannot_be_had_changes_nothing) {
  one_worker(kServes, file_log("before"));
  start();
  await("ready");
  one_worker(kServes, file_log("missing/log"));
  reload();
  await_text("before", "cannot write there: the directory does not exist");
  await_text("before", "the configuration that is in use stays");
  end();
}

TEST_F(ServiceLogs, a_log_that_cannot_be_had_at_the_start_is_an_error) {
  one_worker(kServes, file_log("missing/log"));
  start();
  const Outcome outcome = wait();
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(outcome.err, ContainsRegex("log '.*/missing/log': cannot write there"));
}

TEST_F(ServiceLogs, syslog_has_the_death_of_a_worker) {
  if (!Rsyslog::is_installed()) GTEST_SKIP() << "no rsyslogd here (Debian's package rsyslog)";
  const fs::path directory = file("rsyslog");
  fs::create_directory(directory);
  const Rsyslog daemon(directory);
  one_worker(kCrashes, kOnce +
                           std::string("[[log]]\ntype = \"syslog\"\naddress = \"tcp://127.0.0.1:") +
                           std::to_string(daemon.tcp_port()) + "\"\napp_name = \"shop\"\n");
  start();
  const json crash = await("crash").front();
  const std::string all = daemon.await("event=\"exit\"");
  EXPECT_THAT(all, HasSubstr(" shop " + crash["process"]["pid"].dump() +
                             " CRASH [pyfault@32473 event=\"crash\" worker=\"web\" "));
  EXPECT_THAT(all, HasSubstr(" crash=\"" + crash["id"].get<std::string>() + "\""));
  EXPECT_THAT(all, HasSubstr("#012Thread "));
  end();
}

TEST_F(ServiceLogs, metrics_tell_of_crashes_and_of_what_is_up) {
  script("bad", kCrashes);
  one_worker(kServes,
             "[[worker]]\nname = \"bad\"\ncommand = [\"bad.py\"]\nrestart = \"no\"\n" + metrics());
  start();
  await("ready", 1, "web");
  await("exit", 1, "bad");
  const std::string answer = ask("/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\npyfault_worker_up{worker=\"web\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("\npyfault_worker_up{worker=\"bad\"} 0\n"));
  EXPECT_THAT(answer, HasSubstr("\npyfault_crashes_total{worker=\"bad\",signal=\"SIGSEGV\"} 1\n"));
  EXPECT_THAT(answer,
              HasSubstr("\npyfault_worker_exits_total{worker=\"bad\",reason=\"signaled\"} 1\n"));
  EXPECT_THAT(answer,
              ContainsRegex("\npyfault_worker_resident_memory_bytes.worker=\"web\". [1-9]"));
  end();
}

TEST_F(ServiceLogs, one_that_fails_is_known_to_the_others_to_metrics_and_to_operators) {
  one_worker(kServes,
             metrics() + "[[log]]\ntype = \"file\"\npath = \"/dev/full\"\n" + file_log("other"));
  start();
  await_text("other", "No space left on device; reports are kept until they can be written");
  EXPECT_THAT(ask("/metrics"),
              ContainsRegex("pyfault_log_failing.log=\"[^\n]*/dev/full[^\n]* 1\n"));
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("/dev/full': No space left on device"));
  end();
}

TEST_F(ServiceLogs, health_is_good_once_all_are_up) {
  one_worker(kServes, "ready = { after = \"100ms\" }\n" + metrics());
  start();
  await("ready");
  await_that("good health", [this] {
    return ask("/healthz").find("ok: 1 of 1 workers are up") != std::string::npos;
  });
  end();
}

TEST_F(ServiceLogs, a_worker_that_an_operator_stops_in_a_crash_loop_is_no_trouble_any_more) {
  one_worker("raise SystemExit(1)", "backoff = { initial = 0.001, max = 60 }\n" + metrics());
  start();
  await("crash-loop");
  EXPECT_THAT(ask("/metrics"), HasSubstr("pyfault_worker_crash_loop{worker=\"web\"} 1\n"));
  EXPECT_THAT(ask("/healthz"), HasSubstr("degraded: 0 of 1"));
  ctl({"stop", "web"});
  EXPECT_THAT(ask("/healthz"), HasSubstr("ok: 0 of 0"));
  EXPECT_THAT(ask("/metrics"), HasSubstr("pyfault_worker_crash_loop{worker=\"web\"} 0\n"));
  EXPECT_THAT(ask("/metrics"),
              HasSubstr("pyfault_worker_restart_backoff_seconds{worker=\"web\"} 0\n"));
  end();
}

TEST_F(ServiceLogs, another_address_with_the_same_port_takes_a_restart_and_says_so) {
  one_worker(kServes, metrics());
  start();
  await("start");
  one_worker(kServes, "[metrics]\nlisten = \"0.0.0.0:" + std::to_string(port_.number()) + "\"\n");
  EXPECT_THAT(ctl({"reload"}).err, HasSubstr("this service itself listens on that port"));
  end();
}

TEST_F(ServiceLogs, a_port_that_is_taken_is_an_error) {
  ASSERT_EQ(::listen(port_.socket(), 1), 0);
  one_worker(kServes, metrics());
  start();
  const Outcome outcome = wait();
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(outcome.err,
              HasSubstr("cannot listen on 127.0.0.1 port " + std::to_string(port_.number())));
}

}  // namespace
}  // namespace pyfault::test
