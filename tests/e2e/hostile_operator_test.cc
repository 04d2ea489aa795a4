// A hostile client that is allowed to use the control socket: neither the service nor its workers
// nor other operators may be affected.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <csignal>
#include <deque>

#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"
#include "watchdog/os/unix_stream.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;

constexpr char kCrashesWhenTold[] = R"(
import ctypes, signal
signal.signal(signal.SIGUSR1, lambda *_: ctypes.memset(0, 1, 1))
while True:
    signal.pause()
)";

class HostileOperator : public ServiceTest {
 protected:
  void SetUp() override {
    one_worker(kCrashesWhenTold, "backoff = { initial = 0.01, max = 0.05 }\n");
    start();
    await("ready");
  }

  void connect_and_send(std::string_view text) {
    clients_.push_back(connect_stream(file("control")));
    send(text);
  }
  void send(std::string_view text) {
    ::send(clients_.back().get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  // Crashes the worker, which must be reported, and asks for the status, which must be answered.
  void expect_all_is_well() {
    const std::size_t crashes = events("crash").size();
    const int pid = await("start", crashes + 1).back()["process"]["pid"];
    await("ready", crashes + 1);
    ::kill(pid, SIGUSR1);
    await("crash", crashes + 1);
    await("ready", crashes + 2);
    const Outcome shown = ctl({"status"});
    EXPECT_EQ(shown.ending, exited(0)) << shown.err;
    EXPECT_THAT(shown.out, HasSubstr("web\tup"));
  }

  std::deque<UniqueFd> clients_;
};

TEST_F(HostileOperator, who_sends_junk) {
  for (const char* junk : {"GET / HTTP/1.1\r\n\r\n", "{}\n", "\n", "[[[[\n", "\xff\xfe\n"}) {
    connect_and_send(junk);
  }
  connect_and_send(std::string(200'000, '['));
  connect_and_send(std::string("\0\0\0\n", 4));
  expect_all_is_well();
}

TEST_F(HostileOperator, who_sends_half_a_line) {
  connect_and_send("{\"request\":\"sta");
  expect_all_is_well();
}

TEST_F(HostileOperator, who_connects_a_hundred_times_and_says_nothing) {
  for (int i = 0; i < 100; ++i) connect_and_send("");
  expect_all_is_well();
}

TEST_F(HostileOperator, who_follows_twenty_times_and_never_reads) {
  for (int i = 0; i < 20; ++i) connect_and_send("{\"request\":\"events\",\"follow\":true}\n");
  expect_all_is_well();
}

TEST_F(HostileOperator, who_asks_without_end_and_never_reads) {
  connect_and_send("");
  for (int i = 0; i < 5000; ++i) send("{\"request\":\"events\"}\n");
  expect_all_is_well();
}

TEST_F(HostileOperator, who_leaves_in_the_middle) {
  for (const char* request : {"{\"request\":\"restart\",\"workers\":[\"web\"]}\n",
                              "{\"request\":\"events\",\"follow\":true}\n",
                              "{\"request\":\"dump\",\"target\":\"web\"}\n"}) {
    connect_and_send(request);
    clients_.clear();
  }
  await("exit");
  await("ready", 2);
  EXPECT_EQ(ctl({"status"}).ending, exited(0));
}

}  // namespace
}  // namespace pyfault::test
