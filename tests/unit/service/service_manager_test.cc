#include "watchdog/service/service_manager.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "watchdog/os/random_hex.h"
#include "watchdog/os/sd_notify.h"

namespace pyfault {
namespace {

using std::chrono::microseconds;
using testing::ElementsAre;
using testing::MatchesRegex;
using testing::StartsWith;

// The manager's end: a real socket.
class Manager {
 public:
  struct Message {
    std::string text;
    std::vector<UniqueFd> descriptors;
  };

  Manager() {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    address_.copy(name.sun_path, address_.size());
    name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  }

  const std::string& address() const { return address_; }

  std::optional<Message> next() const {
    std::array<char, 4096> text;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(4 * sizeof(int))> control{};
    iovec body{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &body;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) return std::nullopt;
    Message message{std::string(text.data(), static_cast<std::size_t>(size)), {}};
    const cmsghdr* rights = CMSG_FIRSTHDR(&header);
    const std::size_t count = rights ? (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    std::array<int, 4> fds{};
    if (count > 0) std::memcpy(fds.data(), CMSG_DATA(rights), count * sizeof(int));
    for (std::size_t i = 0; i < count; ++i) message.descriptors.emplace_back(fds[i]);
    return message;
  }

  std::vector<std::string> all() const {
    std::vector<std::string> texts;
    for (auto message = next(); message; message = next()) texts.push_back(message->text);
    return texts;
  }

 private:
  std::string address_ = "@pyfault-test-" + random_hex(8);
  UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

class ServiceManagerTest : public testing::Test {
 protected:
  Manager manager_;
  boost::asio::io_context io_;
  ServiceManager link_{io_, {manager_.address(), microseconds(0)}};
};

TEST_F(ServiceManagerTest, hears_how_far_we_are) {
  link_.say_ready();
  link_.say_stopping();
  EXPECT_THAT(manager_.all(), ElementsAre("READY=1", "STOPPING=1\nEXTEND_TIMEOUT_USEC=120000000"));
}

TEST_F(ServiceManagerTest, hears_of_a_reload_with_its_time) {
  link_.say_reloading();
  EXPECT_THAT(manager_.all(), ElementsAre(MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+")));
}

TEST_F(ServiceManagerTest, hears_a_status_once) {
  for (const char* text : {"1/2 workers", "1/2 workers", "2/2 workers"}) link_.say_status(text);
  EXPECT_THAT(manager_.all(), ElementsAre("STATUS=1/2 workers", "STATUS=2/2 workers"));
}

TEST_F(ServiceManagerTest, keeps_a_descriptor_under_its_name) {
  link_.keep("web/1/pidfd", std::array{STDIN_FILENO});
  const auto message = manager_.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "FDSTORE=1\nFDPOLL=0\nFDNAME=web/1/pidfd");
  EXPECT_EQ(message->descriptors.size(), 1u);
  link_.drop("web/1/pidfd");
  EXPECT_THAT(manager_.all(), ElementsAre("FDSTOREREMOVE=1\nFDNAME=web/1/pidfd"));
}

// More than its socket holds: in order, and none is lost.
TEST_F(ServiceManagerTest, a_busy_one_is_not_waited_for_and_hears_all_in_the_end) {
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

TEST_F(ServiceManagerTest, one_that_never_listens_can_not_keep_us_from_ending) {
  for (int i = 0; i < 5000; ++i) link_.say_status(std::to_string(i));
  link_.finish(std::chrono::milliseconds(1));
  EXPECT_THAT(manager_.all().front(), StartsWith("STATUS=0"));
}

TEST(ServiceManager, a_watchdog_is_fed_by_the_loop_and_by_nothing_else) {
  Manager manager;
  boost::asio::io_context io;
  const ServiceManager link(io, {manager.address(), microseconds(2000)});
  EXPECT_THAT(manager.all(), ElementsAre("WATCHDOG=1"));
  io.run_one();
  io.run_one();
  EXPECT_THAT(manager.all(), ElementsAre("WATCHDOG=1", "WATCHDOG=1"));
}

TEST(ServiceManager, where_there_is_none_nothing_is_said_or_kept_for_later) {
  boost::asio::io_context io;
  ServiceManager nobody(io, {"", microseconds(10)});
  nobody.say_ready();
  EXPECT_FALSE(nobody.is_there());
  EXPECT_EQ(io.run(), 0u);
}

TEST(ServiceManager, its_terms_are_ours_only_when_they_name_us) {
  ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(manager_terms().watchdog, microseconds(0));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(manager_terms().watchdog, std::chrono::seconds(3));
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(manager_terms().watchdog, microseconds(0));
  EXPECT_EQ(manager_terms().notify_socket, "/run/notify");
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
