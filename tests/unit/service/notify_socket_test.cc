#include "watchdog/service/notify_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <vector>

namespace pyfault {
namespace {

TEST(Notification, ready_is_one_assignment_among_others) {
  EXPECT_TRUE(parse_notification({1, 0, 0}, "READY=1").ready);
  EXPECT_TRUE(parse_notification({1, 0, 0}, "STATUS=up\nREADY=1\nMAINPID=3\n").ready);
  for (const char* text : {"", "READY=0", "READY=11", "XREADY=1", "STATUS=READY=1", "\n\n"}) {
    EXPECT_FALSE(parse_notification({1, 0, 0}, text).ready) << text;
  }
}

class NotifySocketTest : public testing::Test {
 protected:
  void send(const std::string& text) const {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    socket_.address().copy(address.sun_path, sizeof address.sun_path);
    address.sun_path[0] = '\0';
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.address().size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::sendto(fd.get(), text.data(), text.size(), 0,
                       reinterpret_cast<const sockaddr*>(&address), size),
              static_cast<ssize_t>(text.size()));
  }

  void take() {
    while (messages_.empty()) io_.run_one();
  }

  boost::asio::io_context io_;
  std::vector<Notification> messages_;
  NotifySocket socket_{io_, [this](const Notification& message) { messages_.push_back(message); }};
};

TEST_F(NotifySocketTest, a_message_comes_with_its_sender) {
  send("READY=1");
  take();
  EXPECT_EQ(messages_.front().pid, ::getpid());
  EXPECT_TRUE(messages_.front().ready);
}

TEST_F(NotifySocketTest, a_message_that_is_too_long_or_empty_does_no_harm) {
  send("");
  send(std::string(100'000, 'x'));
  take();
  EXPECT_FALSE(messages_.front().ready);
}

}  // namespace
}  // namespace pyfault
