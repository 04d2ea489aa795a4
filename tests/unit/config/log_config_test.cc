// The [[log]] and [metrics] tables.
#include <gmock/gmock.h>

#include "watchdog/config/parse_config.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kTwoWorkers[] =
    "worker = [{ name = \"web\", command = [\"gunicorn\"], instances = 2 }]\n";

std::vector<std::string> problems_of_logs(const std::string& lines) {
  std::vector<std::string> found;
  for (const Problem& problem : parse_config(kTwoWorkers + lines).problems) {
    found.push_back(describe(problem, "f"));
  }
  return found;
}

Config config_with(const std::string& lines) {
  EXPECT_THAT(problems_of_logs(lines), IsEmpty());
  return parse_config(kTwoWorkers + lines).config;
}

LogSettings log_with(const std::string& lines) {
  const Config config = config_with("[[log]]\n" + lines);
  return config.logs.empty() ? LogSettings{} : config.logs.front();
}

TEST(LogConfig, without_a_table_there_is_no_log_and_no_metrics) {
  EXPECT_THAT(config_with("").logs, IsEmpty());
  EXPECT_EQ(config_with("").metrics, std::nullopt);
}

TEST(LogConfig, a_file) {
  const LogSettings log = log_with(
      "type = \"file\"\npath = \"/var/log/x\"\nmax_size = \"50MiB\"\nkeep = 5\n"
      "format = \"json\"");
  EXPECT_EQ(std::get<FileLog>(log.target), (FileLog{"/var/log/x", {50 << 20, 5}, 0640}));
  EXPECT_EQ(log.format, LogFormat::kJson);
}

TEST(LogConfig, stderr_has_colour_on_a_terminal) {
  EXPECT_EQ(std::get<StderrLog>(log_with("type = \"stderr\"").target).colour,
            StderrLog::Colour::kAuto);
  EXPECT_EQ(std::get<StderrLog>(log_with("type = \"stderr\"\ncolour = \"never\"").target).colour,
            StderrLog::Colour::kNever);
}

TEST(LogConfig, the_journal) {
  EXPECT_EQ(std::get<JournalLog>(log_with("type = \"journald\"\ncoredumps = true").target),
            (JournalLog{kJournalSocket, true}));
}

TEST(LogConfig, syslog) {
  const LogSettings log = log_with(
      "type = \"syslog\"\naddress = \"tcp://logs:601\"\nfacility = \"local3\"\n"
      "app_name = \"shop\"\nprotocol = \"local\"\nmax_message = \"64K\"");
  const auto& syslog = std::get<SyslogLog>(log.target);
  EXPECT_EQ(syslog.address, (SyslogAddress{SyslogAddress::Transport::kTcp, "logs", "601"}));
  EXPECT_EQ(syslog.style,
            (SyslogStyle{SyslogProtocol::kLocal, 19, "shop", LogFormat::kText, 64 << 10}));
}

TEST(LogConfig, syslog_is_local_unless_said_otherwise) {
  const auto syslog = std::get<SyslogLog>(log_with("type = \"syslog\"").target);
  EXPECT_EQ(syslog.address, (SyslogAddress{SyslogAddress::Transport::kLocal, "/dev/log", ""}));
  EXPECT_EQ(syslog.style.protocol, SyslogProtocol::kLocal);
}

TEST(LogConfig, only_the_reader_of_dev_log_needs_the_old_protocol) {
  for (const char* address : {"/run/collector", "udp://logs", "tcp://logs"}) {
    const auto log = log_with("type = \"syslog\"\naddress = \"" + std::string(address) + '"');
    EXPECT_EQ(std::get<SyslogLog>(log.target).style.protocol, SyslogProtocol::kRfc5424) << address;
  }
}

TEST(LogConfig, a_filter) {
  const LogSettings log =
      log_with("type = \"stderr\"\nevents = [\"crash\", \"crash-loop\"]\nworkers = [\"web#2\"]");
  EXPECT_EQ(log.filter, (EventFilter{{kCrashKind, CrashLoopEvent::kKind}, {"web#2"}}));
}

TEST(LogConfig, metrics_listen_on_the_loopback_unless_said_otherwise) {
  EXPECT_EQ(config_with("[metrics]").metrics, (HttpAddress{"127.0.0.1", 9464}));
  EXPECT_EQ(config_with("[metrics]\nlisten = \"0.0.0.0:80\"").metrics,
            (HttpAddress{"0.0.0.0", 80}));
}

TEST(LogProblems, a_log_without_a_type) {
  EXPECT_THAT(problems_of_logs("[[log]]\nformat = \"json\""),
              ElementsAre("f:2: a log without a type; add type = \"file\", \"stderr\", "
                          "\"journald\" or \"syslog\""));
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"journal\""),
              ElementsAre("f:3: 'type' can't be 'journal'; did you mean 'journald'?"));
}

TEST(LogProblems, a_key_that_is_for_another_type) {
  EXPECT_THAT(
      problems_of_logs("[[log]]\ntype = \"journald\"\npath = \"/x\""),
      ElementsAre("f:4: 'path' is not for a log of type 'journald'; it is for type 'file'"));
}

TEST(LogProblems, a_key_that_was_misspelt) {
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"stderr\"\nevent = [\"crash\"]"),
              ElementsAre("f:4: a log has no key 'event'; did you mean 'events'?"));
}

TEST(LogProblems, a_file_without_a_path) {
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"file\""),
              ElementsAre("f:2: a log of type 'file' without a path; add path = "
                          "\"/var/log/...\""));
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"file\"\npath = \"log\""),
              ElementsAre("f:4: 'path' is relative; begin it with /"));
}

TEST(LogProblems, two_logs_in_one_file) {
  const std::string log = "[[log]]\ntype = \"file\"\npath = \"/x\"\n";
  EXPECT_THAT(problems_of_logs(log + log),
              ElementsAre("f:7: two logs go to '/x'; the other is on line 4"));
}

TEST(LogProblems, what_is_no_size) {
  const std::string file = "[[log]]\ntype = \"file\"\npath = \"/x\"\n";
  EXPECT_THAT(problems_of_logs(file + "max_line = \"32K\""),
              ElementsAre("f:5: 'max_line' is for JSON; add format = \"json\""));
  EXPECT_THAT(problems_of_logs(file + "format = \"json\"\nmax_line = \"1K\""),
              ElementsAre("f:6: 'max_line' is too small; it takes 2 KiB and more"));
  EXPECT_THAT(problems_of_logs(file + "format = \"json\"\nmax_line = \"32K\""), IsEmpty());
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"journald\"\nmax_line = \"32K\""),
              ElementsAre("f:4: 'max_line' is not for a log of type 'journald'; it is for type "
                          "'file' or 'stderr'"));
  EXPECT_THAT(
      problems_of_logs(file + "max_size = \"big\""),
      ElementsAre("f:5: 'max_size' is not a size: 'big'; write a string such as \"512K\" or "
                  "\"50MiB\""));
  EXPECT_THAT(problems_of_logs(file + "keep = 3"),
              ElementsAre("f:5: 'keep' requires 'max_size'; add a max_size"));
}

TEST(LogProblems, an_event_or_a_worker_that_does_not_exist) {
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"stderr\"\nevents = [\"crashes\"]"),
              ElementsAre("f:4: there is no event 'crashes'; did you mean 'crash'?"));
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"stderr\"\nworkers = [\"wbe\"]"),
              ElementsAre("f:4: there is no worker 'wbe'; did you mean 'web'?"));
}

TEST(LogProblems, an_address_that_leads_nowhere) {
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"syslog\"\naddress = \"logs:514\""),
              ElementsAre("f:4: invalid 'address': 'logs:514'; write \"/dev/log\", "
                          "\"udp://HOST:PORT\" or \"tcp://HOST:PORT\""));
  EXPECT_THAT(problems_of_logs("[metrics]\nlisten = \"9464\""),
              ElementsAre("f:3: invalid 'listen': '9464'; write a numeric address and a port: "
                          "\"127.0.0.1:9464\""));
}

TEST(LogProblems, a_facility_that_does_not_exist) {
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"syslog\"\nfacility = \"demon\""),
              ElementsAre("f:4: there is no facility 'demon'; did you mean 'daemon'?"));
}

TEST(LogProblems, a_message_that_is_too_short_or_too_long) {
  EXPECT_THAT(problems_of_logs("[[log]]\ntype = \"syslog\"\nmax_message = \"100\""),
              ElementsAre("f:4: 'max_message' is out of bounds; it takes 480 bytes to 1 MiB"));
}

}  // namespace
}  // namespace pyfault
