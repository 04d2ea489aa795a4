#include "watchdog/os/seqpacket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "watchdog/os/random_hex.h"

namespace pyfault {
namespace {

class SeqpacketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours_ = UniqueFd(ends[0]);
    theirs_ = UniqueFd(ends[1]);
  }

  void they_send(std::size_t size) {
    const std::array<std::byte, 64> bytes{};
    ASSERT_EQ(send(theirs_.get(), bytes.data(), size, 0), static_cast<ssize_t>(size));
  }

  UniqueFd ours_;
  UniqueFd theirs_;
  std::array<std::byte, 8> packet_{};
};

TEST_F(SeqpacketTest, TakesAPacketOfTheRightSize) {
  they_send(packet_.size());
  EXPECT_TRUE(receive_exactly(ours_.get(), packet_));
}

TEST_F(SeqpacketTest, RefusesAShortPacket) {
  they_send(packet_.size() - 1);
  EXPECT_FALSE(receive_exactly(ours_.get(), packet_));
}

TEST_F(SeqpacketTest, RefusesALongPacket) {
  they_send(packet_.size() + 1);
  EXPECT_FALSE(receive_exactly(ours_.get(), packet_));
}

TEST_F(SeqpacketTest, DoesNotWaitForAPacket) {
  EXPECT_FALSE(receive_exactly(ours_.get(), packet_));
}

TEST_F(SeqpacketTest, RefusesAClosedConnection) {
  theirs_.reset();
  EXPECT_FALSE(receive_exactly(ours_.get(), packet_));
}

TEST_F(SeqpacketTest, SendingToAClosedConnectionFailsWithoutASignal) {
  theirs_.reset();
  const std::array descriptors{ours_.get()};
  EXPECT_FALSE(send_with_descriptors(ours_.get(), packet_, descriptors));
}

TEST_F(SeqpacketTest, TellsWhoIsAtTheOtherEnd) {
  const auto peer = peer_credentials(ours_.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_EQ(peer->uid, geteuid());
}

TEST(ListenAbstract, NoOneToAcceptIsNotAnError) {
  const UniqueFd listener = listen_abstract("pyfault-test-" + random_hex(8));
  EXPECT_FALSE(accept_connection(listener.get()));
  EXPECT_EQ(errno, EAGAIN);
}

TEST(ListenAbstract, IsClosedOnExec) {
  const UniqueFd listener = listen_abstract("pyfault-test-" + random_hex(8));
  EXPECT_EQ(fcntl(listener.get(), F_GETFD), FD_CLOEXEC);
}

TEST(ListenAbstract, ATakenNameIsAnError) {
  const std::string name = "pyfault-test-" + random_hex(8);
  const UniqueFd first = listen_abstract(name);
  EXPECT_THROW(listen_abstract(name), std::system_error);
}

TEST(ListenAbstract, ANameTooLongIsAnError) {
  EXPECT_THROW(listen_abstract(std::string(sizeof(sockaddr_un::sun_path), 'x')), std::length_error);
}

}  // namespace
}  // namespace pyfault
