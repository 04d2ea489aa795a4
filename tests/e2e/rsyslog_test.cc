// Logs of type syslog, received by a real rsyslogd.
#include <gmock/gmock.h>

#include <memory>

#include "tests/support/rsyslog.h"
#include "tests/support/temp_directory.h"
#include "watchdog/log/event_log.h"

namespace pyfault::test {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using Transport = SyslogAddress::Transport;

Event crash_in(const std::string& worker) {
  Crash crash;
  crash.id = "0123456789abcdef0123456789abcdef";
  crash.signal.name = "SIGSEGV";
  crash.signal.code_name = "SEGV_MAPERR";
  crash.threads.resize(1);
  crash.threads[0].crashed = true;
  crash.threads[0].frames.resize(2);
  for (Frame& frame : crash.threads[0].frames) frame.file = "say \"]\"\\.py";
  Event event;
  event.realtime_ns = 1795419610123456789;
  event.host = "web1";
  event.worker = worker;
  event.process.pid = 77;
  event.process.name = "python3";
  event.body = crash;
  return event;
}

Event notice_of(const std::string& message) {
  Event event = crash_in("web");
  event.body = NoticeEvent{message};
  return event;
}

class RsyslogTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Rsyslog::is_installed()) GTEST_SKIP() << "no rsyslogd here (Debian's package rsyslog)";
    daemon_ = std::make_unique<Rsyslog>(directory_.path());
  }
  void log_to(Transport transport, const std::string& host, std::uint16_t port = 0) {
    settings_.target = SyslogLog{{transport, host, port == 0 ? "" : std::to_string(port)}, style_};
    log_ = std::make_unique<EventLog>(settings_, "web1");
  }
  void log_to_tcp() { log_to(Transport::kTcp, "127.0.0.1", daemon_->tcp_port()); }
  void log_the_crash() {
    log_->write(std::make_shared<const Event>(crash_in("web")));
    log_->finish(hours(1));
  }
  void expect_the_crash() {
    log_the_crash();
    const std::string all = daemon_->await("crash=");
    EXPECT_THAT(all, HasSubstr("web1 pyfault-watchdog 77 CRASH [pyfault@32473 event=\"crash\" "
                               "worker=\"web\" crash=\"0123456789abcdef0123456789abcdef\""));
    EXPECT_THAT(all, HasSubstr(R"(file="say \"\]\"\\.py")"));
    EXPECT_THAT(all, HasSubstr("]|python3[77] crashed: SIGSEGV (SEGV_MAPERR)#012"));
    EXPECT_THAT(all, HasSubstr("#012  File "));
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1) << all;
  }

  TempDirectory directory_;
  std::unique_ptr<Rsyslog> daemon_;
  SyslogStyle style_;
  LogSettings settings_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(RsyslogTest, understands_a_crash_over_udp) {
  log_to(Transport::kUdp, "127.0.0.1", daemon_->udp_port());
  expect_the_crash();
}

TEST_F(RsyslogTest, understands_a_crash_over_tcp) {
  log_to_tcp();
  expect_the_crash();
}

TEST_F(RsyslogTest, understands_a_crash_over_a_local_socket) {
  log_to(Transport::kLocal, daemon_->socket());
  expect_the_crash();
}

TEST_F(RsyslogTest, understands_the_old_protocol_on_a_socket_like_dev_log) {
  style_.protocol = SyslogProtocol::kLocal;
  log_to(Transport::kLocal, daemon_->old_socket());
  log_the_crash();
  EXPECT_THAT(daemon_->await("crash="),
              HasSubstr(" pyfault-watchdog 77 - -| CRASH [pyfault@32473 event=\"crash\" "));
}

TEST_F(RsyslogTest, parses_json_from_a_socket_like_dev_log) {
  style_.protocol = SyslogProtocol::kLocal;
  settings_.format = style_.format = LogFormat::kJson;
  log_to(Transport::kLocal, daemon_->old_socket());
  log_the_crash();
  daemon_->await_parsed("crash");
}

TEST_F(RsyslogTest, parses_json_over_tcp) {
  settings_.format = LogFormat::kJson;
  log_to_tcp();
  log_the_crash();
  daemon_->await_parsed("crash");
}

TEST_F(RsyslogTest, takes_one_line_of_json) {
  settings_.format = LogFormat::kJson;
  log_to_tcp();
  log_the_crash();
  EXPECT_THAT(daemon_->await("crash="), HasSubstr("]|@cee:{\"schema\":\"pyfault/1\""));
}

TEST_F(RsyslogTest, no_message_is_lost_among_many) {
  log_to_tcp();
  for (int i = 0; i < 200; ++i)
    log_->write(std::make_shared<const Event>(notice_of("number " + std::to_string(i))));
  log_->finish(hours(1));
  const std::string all = daemon_->await("number 199");
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 200);
}

TEST_F(RsyslogTest, what_comes_while_it_is_away_is_there_later) {
  log_to_tcp();
  log_->write(std::make_shared<const Event>(notice_of("before")));
  daemon_->await("before");
  daemon_->stop();
  log_->write(std::make_shared<const Event>(notice_of("meanwhile")));
  log_->write(std::make_shared<const Event>(notice_of("and after")));
  daemon_->start();
  daemon_->await("meanwhile");
  daemon_->await("and after");
  log_->finish(hours(1));
  EXPECT_EQ(log_->dropped(), 0u);
}

}  // namespace
}  // namespace pyfault::test
