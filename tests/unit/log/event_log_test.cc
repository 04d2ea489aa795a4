#include "watchdog/log/event_log.h"

#include <gmock/gmock.h>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/sink/receiver.h"
#include "watchdog/format/format.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using std::chrono::hours;
using testing::EndsWith;
using testing::HasSubstr;

Event notice_of(const std::string& message) {
  Event event;
  event.realtime_ns = 1795419610123456789;
  event.host = "web1";
  event.worker = "web";
  event.process.pid = 77;
  event.body = NoticeEvent{message};
  return event;
}

Event crash_of(const std::string& id) {
  Event event = notice_of("");
  Crash crash;
  crash.id = id;
  crash.signal.name = "SIGSEGV";
  event.body = crash;
  return event;
}

std::string only_report(const LogSettings& settings, const Event& event) {
  const auto formatters = formatters_for(settings);
  EXPECT_EQ(formatters.size(), 1u);
  return formatters.front()(event);
}

class EventLogTest : public testing::Test {
 protected:
  LogSettings to_file(LogFormat format) const {
    LogSettings settings;
    settings.target = FileLog{path()};
    settings.format = format;
    return settings;
  }
  std::string path() const { return directory_.path() / "log"; }
  void write_all(const LogSettings& settings, const std::vector<Event>& events) {
    EventLog log(settings, "web1");
    for (const Event& event : events) log.write(std::make_shared<const Event>(event));
    log.finish(hours(1));
  }

  test::TempDirectory directory_;
};

TEST_F(EventLogTest, a_file_has_the_format_that_was_asked_for) {
  write_all(to_file(LogFormat::kJson), {notice_of("said")});
  EXPECT_EQ(test::read_file(path()), format_json(notice_of("said")));
}

TEST_F(EventLogTest, what_the_filter_holds_back_is_not_written) {
  LogSettings settings = to_file(LogFormat::kText);
  settings.filter.events = {kCrashKind};
  write_all(settings, {notice_of("said"), crash_of("c1")});
  EXPECT_EQ(test::read_file(path()), format_text(crash_of("c1")));
}

TEST_F(EventLogTest, a_file_that_cannot_be_opened_is_named) {
  LogSettings settings = to_file(LogFormat::kText);
  settings.target = FileLog{"/dev/null/log"};
  settings.name = "log '/dev/null/log'";
  try {
    const EventLog log(settings, "web1");
    FAIL();
  } catch (const StartError& error) {
    EXPECT_THAT(error.what(), HasSubstr("log '/dev/null/log': cannot write there: "));
  }
}

TEST_F(EventLogTest, the_journal_has_a_crash_twice_for_coredumpctl) {
  UnixReceiver journald(path());
  LogSettings settings;
  settings.target = JournalLog{path(), true};
  write_all(settings, {crash_of("c1"), notice_of("said")});
  EXPECT_THAT(journald.receive(), HasSubstr("\nPYFAULT_CRASH_ID=c1\n"));
  EXPECT_THAT(journald.receive(), HasSubstr("\nCOREDUMP_PID=77\n"));
  EXPECT_THAT(journald.receive(), HasSubstr("MESSAGE=pyfault-watchdog: said\n"));
}

TEST_F(EventLogTest, a_syslog_message_has_the_logs_format) {
  UnixReceiver daemon(path());
  LogSettings settings;
  settings.format = LogFormat::kJson;
  settings.target = SyslogLog{{SyslogAddress::Transport::kLocal, path(), ""}, {}};
  write_all(settings, {notice_of("said")});
  EXPECT_THAT(daemon.receive(), HasSubstr("] @cee:{\"schema\":\"pyfault/1\""));
}

TEST_F(EventLogTest, a_dead_collector_holds_up_nobody) {
  LogSettings settings;
  settings.target = SyslogLog{{SyslogAddress::Transport::kLocal, path(), ""}, {}};
  EventLog log(settings, "web1");
  constexpr std::size_t kReports = kQueuedReports + 700;
  const auto said = std::make_shared<const Event>(notice_of("said"));
  for (std::size_t i = 0; i < kReports; ++i) log.write(said);
  EXPECT_GE(log.dropped(), kReports - kQueuedReports - 1);
}

TEST_F(EventLogTest, journal_messages_can_be_json) {
  LogSettings settings;
  settings.target = JournalLog{};
  settings.format = LogFormat::kJson;
  EXPECT_THAT(only_report(settings, notice_of("said")), HasSubstr("MESSAGE={\"schema\":"));
}

TEST_F(EventLogTest, stderr_has_colour_where_that_is_asked_for) {
  LogSettings settings;
  settings.target = StderrLog{StderrLog::Colour::kAlways};
  EXPECT_THAT(only_report(settings, notice_of("said")), HasSubstr("\033["));
  settings.target = StderrLog{StderrLog::Colour::kNever};
  EXPECT_EQ(only_report(settings, notice_of("said")), format_text(notice_of("said")));
}

TEST_F(EventLogTest, stderr_that_is_no_terminal_has_none) {
  if (::isatty(STDERR_FILENO) == 1)
    GTEST_SKIP() << "stderr is a terminal here, and this test needs one that is none";
  LogSettings settings;
  settings.target = StderrLog{StderrLog::Colour::kAuto};
  EXPECT_EQ(only_report(settings, notice_of("said")), format_text(notice_of("said")));
}

}  // namespace
}  // namespace pyfault
