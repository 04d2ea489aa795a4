#include "watchdog/service/systemd_notifier.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "tests/support/fake_manager.h"
#include "watchdog/os/sd_notify.h"

namespace pyfault {
namespace {

using std::chrono::microseconds;
using test::FakeManager;
using testing::ElementsAre;
using testing::MatchesRegex;
using testing::StartsWith;

class SystemdNotifierTest : public testing::Test {
 protected:
  FakeManager manager_;
  boost::asio::io_context io_;
  SystemdNotifier link_{io_, {manager_.address(), microseconds(0)}};
};

TEST_F(SystemdNotifierTest, hears_how_far_we_are) {
  link_.say_ready();
  link_.say_stopping();
  EXPECT_THAT(manager_.all_texts(),
              ElementsAre("READY=1", "STOPPING=1\nEXTEND_TIMEOUT_USEC=120000000"));
}

TEST_F(SystemdNotifierTest, hears_of_a_reload_with_its_time) {
  link_.say_reloading();
  EXPECT_THAT(manager_.all_texts(),
              ElementsAre(MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+")));
}

TEST_F(SystemdNotifierTest, hears_a_status_once) {
  for (const char* text : {"1/2 workers", "1/2 workers", "2/2 workers"}) link_.say_status(text);
  EXPECT_THAT(manager_.all_texts(), ElementsAre("STATUS=1/2 workers", "STATUS=2/2 workers"));
}

TEST_F(SystemdNotifierTest, keeps_a_descriptor_under_its_name) {
  link_.keep("web/1/pidfd", std::array{STDIN_FILENO});
  const auto message = manager_.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "FDSTORE=1\nFDPOLL=0\nFDNAME=web/1/pidfd");
  EXPECT_EQ(message->descriptors.size(), 1u);
  link_.drop("web/1/pidfd");
  EXPECT_THAT(manager_.all_texts(), ElementsAre("FDSTOREREMOVE=1\nFDNAME=web/1/pidfd"));
}

// Sends more messages than the manager's socket holds: all must arrive, and in order.
TEST_F(SystemdNotifierTest, a_busy_one_is_not_waited_for_and_hears_all_in_the_end) {
  constexpr int kMany = 500;
  UniqueFd pipe_end;
  {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    pipe_end.reset(ends[0]);
    ::close(ends[1]);
  }
  for (int i = 0; i < kMany; ++i) link_.keep(std::to_string(i), std::array{pipe_end.get()});
  pipe_end.reset();
  int heard = 0;
  while (heard < kMany) {
    const auto message = manager_.next();
    if (!message) {
      io_.run_one();
      continue;
    }
    ASSERT_THAT(message->text, testing::EndsWith("=" + std::to_string(heard++)));
    ASSERT_EQ(message->descriptors.size(), 1u);
    struct stat status {};
    ASSERT_EQ(::fstat(message->descriptors[0].get(), &status), 0);
    ASSERT_TRUE(S_ISFIFO(status.st_mode));
  }
}

TEST_F(SystemdNotifierTest, what_is_kept_when_there_is_room_again_is_told_then) {
  bool told = false;
  while (link_.keep("first", std::array{STDIN_FILENO})) continue;
  EXPECT_FALSE(link_.keep("last", std::array{STDIN_FILENO}, [&] { told = true; }));
  manager_.all_texts();
  while (!told) io_.run_one();
  EXPECT_THAT(manager_.all_texts().back(), testing::EndsWith("=last"));
}

TEST_F(SystemdNotifierTest, one_that_never_listens_can_not_keep_us_from_ending) {
  for (int i = 0; i < 5000; ++i) link_.say_status(std::to_string(i));
  link_.finish(std::chrono::milliseconds(1));
  EXPECT_THAT(manager_.all_texts().front(), StartsWith("STATUS=0"));
}

TEST(SystemdNotifier, a_watchdog_is_fed_by_the_loop_and_by_nothing_else) {
  FakeManager manager;
  boost::asio::io_context io;
  const SystemdNotifier link(io, {manager.address(), microseconds(2000)});
  EXPECT_THAT(manager.all_texts(), ElementsAre("WATCHDOG=1"));
  io.run_one();
  io.run_one();
  EXPECT_THAT(manager.all_texts(), ElementsAre("WATCHDOG=1", "WATCHDOG=1"));
}

TEST(SystemdNotifier, where_there_is_none_nothing_is_said_or_kept_for_later) {
  boost::asio::io_context io;
  SystemdNotifier nobody(io, {"", microseconds(10)});
  nobody.say_ready();
  EXPECT_FALSE(nobody.is_there());
  EXPECT_EQ(io.run(), 0u);
}

TEST(SystemdNotifier, its_terms_are_ours_only_when_they_name_us) {
  ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(notify_settings().watchdog, microseconds(0));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(notify_settings().watchdog, std::chrono::seconds(3));
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(notify_settings().watchdog, microseconds(0));
  EXPECT_EQ(notify_settings().notify_socket, "/run/notify");
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
}

TEST(SdNotify, an_address_that_leads_nowhere_is_nobody) {
  for (const std::string& address :
       {std::string("/nowhere/notify"), std::string("@pyfault-nobody"), std::string(200, 'x')}) {
    EXPECT_FALSE(SdNotify(address)) << address;
  }
}

}  // namespace
}  // namespace pyfault
