#include "watchdog/sink/syslog_sink.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "tests/support/temp_directory.h"
#include "tests/unit/sink/receiver.h"

namespace pyfault {
namespace {

using Transport = SyslogAddress::Transport;

SyslogSink sink_to(Transport transport, std::uint16_t port) {
  return SyslogSink({transport, "127.0.0.1", std::to_string(port)});
}

std::string read_exactly(const UniqueFd& connection, std::size_t size) {
  return read_up_to(connection.get(), size);
}

TEST(SyslogSink, over_udp_a_message_is_a_datagram) {
  const LoopbackReceiver daemon(SOCK_DGRAM);
  SyslogSink sink = sink_to(Transport::kUdp, daemon.port());
  EXPECT_EQ(sink.write("<26>1 two\nlines"), 0);
  EXPECT_EQ(daemon.receive(), "<26>1 two\nlines");
}

TEST(SyslogSink, a_datagram_that_is_too_large_will_never_get_through) {
  const LoopbackReceiver daemon(SOCK_DGRAM);
  SyslogSink sink = sink_to(Transport::kUdp, daemon.port());
  EXPECT_EQ(sink.write(std::string(70000, 'x')), EMSGSIZE);
  EXPECT_EQ(sink.write("next"), 0);
  EXPECT_EQ(daemon.receive(), "next");
}

TEST(SyslogSink, over_tcp_a_message_has_its_size_in_front) {
  const LoopbackReceiver daemon(SOCK_STREAM);
  SyslogSink sink = sink_to(Transport::kTcp, daemon.port());
  EXPECT_EQ(sink.write("two\nlines"), 0);
  EXPECT_EQ(sink.write("three"), 0);
  const UniqueFd connection = daemon.accept();
  EXPECT_EQ(read_exactly(connection, 18), "9 two\nlines5 three");
}

TEST(SyslogSink, a_large_message_goes_through_tcp_whole) {
  const LoopbackReceiver daemon(SOCK_STREAM);
  SyslogSink sink = sink_to(Transport::kTcp, daemon.port());
  const std::string message(60000, 'x');
  EXPECT_EQ(sink.write(message), 0);
  EXPECT_EQ(read_exactly(daemon.accept(), 60006), "60000 " + message);
}

TEST(SyslogSink, a_daemon_that_is_not_there_is_an_error) {
  std::uint16_t port = LoopbackReceiver(SOCK_STREAM).port();
  EXPECT_EQ(sink_to(Transport::kTcp, port).write("message"), ECONNREFUSED);
}

TEST(SyslogSink, a_daemon_that_closed_the_connection_is_connected_to_anew) {
  const LoopbackReceiver daemon(SOCK_STREAM);
  SyslogSink sink = sink_to(Transport::kTcp, daemon.port());
  sink.write("first");
  read_exactly(daemon.accept(), 7);  // an unread rest would make the next write fail
  EXPECT_EQ(sink.write("second"), 0);
  EXPECT_EQ(read_exactly(daemon.accept(), 8), "6 second");
}

TEST(SyslogSink, a_daemon_that_was_started_anew_is_connected_to_anew) {
  auto daemon = std::make_unique<LoopbackReceiver>(SOCK_STREAM);
  const std::uint16_t port = daemon->port();
  SyslogSink sink = sink_to(Transport::kTcp, port);
  sink.write("first");
  daemon->accept().reset();
  daemon.reset();
  EXPECT_NE(sink.write("between"), 0);
  daemon = std::make_unique<LoopbackReceiver>(SOCK_STREAM, port);
  EXPECT_EQ(sink.write("between"), 0);
  EXPECT_EQ(read_exactly(daemon->accept(), 9), "7 between");
}

TEST(SyslogSink, over_a_local_socket_a_message_is_a_datagram) {
  const test::TempDirectory directory;
  const std::string path = directory.path() / "log";
  SyslogSink sink({Transport::kLocal, path, ""});
  EXPECT_EQ(sink.write("early"), ENOENT);
  {
    UnixReceiver daemon(path);
    EXPECT_EQ(sink.write("two\nlines"), 0);
    EXPECT_EQ(daemon.receive(), "two\nlines");
  }
  ::unlink(path.c_str());
  UnixReceiver daemon(path);
  EXPECT_EQ(sink.write("of the next daemon"), 0);
  EXPECT_EQ(daemon.receive(), "of the next daemon");
}

TEST(SyslogSink, over_a_local_stream_a_nul_ends_each_message) {
  using namespace std::literals;
  const test::TempDirectory directory;
  const UnixListener daemon(directory.path() / "log");
  SyslogSink sink({Transport::kLocal, directory.path() / "log", ""});
  EXPECT_EQ(sink.write("two\nlines"), 0);
  EXPECT_EQ(sink.write("three"), 0);
  EXPECT_EQ(read_exactly(daemon.accept(), 16), "two\nlines\0three\0"sv);
  EXPECT_EQ(sink.write("anew"), 0);
  EXPECT_EQ(read_exactly(daemon.accept(), 5), "anew\0"sv);
}

TEST(SyslogSink, a_name_that_nobody_knows_is_an_error) {
  EXPECT_EQ(SyslogSink({Transport::kTcp, "127.0.0.1", "no-such-service"}).write("x"), EHOSTUNREACH);
}

}  // namespace
}  // namespace pyfault
