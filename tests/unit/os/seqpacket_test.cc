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

TEST_F(SeqpacketTest, takes_a_packet) {
  they_send(packet_.size());
  const auto packet = receive_packet(ours_.get(), packet_);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->size, packet_.size());
  EXPECT_FALSE(packet->descriptor);
}

TEST_F(SeqpacketTest, tells_the_size_of_one_that_does_not_fit) {
  they_send(packet_.size() + 1);
  EXPECT_EQ(receive_packet(ours_.get(), packet_)->size, packet_.size() + 1);
}

TEST_F(SeqpacketTest, does_not_wait_for_a_packet) {
  EXPECT_FALSE(receive_packet(ours_.get(), packet_));
}

TEST_F(SeqpacketTest, a_closed_connection_is_a_packet_of_nothing) {
  theirs_.reset();
  EXPECT_EQ(receive_packet(ours_.get(), packet_)->size, 0U);
}

TEST_F(SeqpacketTest, a_descriptor_that_comes_along_is_closed_on_exec) {
  ASSERT_TRUE(send_with_descriptors(theirs_.get(), packet_, std::array{theirs_.get()}));
  const auto packet = receive_packet(ours_.get(), packet_);
  ASSERT_TRUE(packet->descriptor);
  EXPECT_EQ(fcntl(packet->descriptor.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(packet->has_more_descriptors);
}

TEST_F(SeqpacketTest, a_second_descriptor_is_said_and_gone) {
  const UniqueFd before(dup(ours_.get()));
  ASSERT_TRUE(
      send_with_descriptors(theirs_.get(), packet_, std::array{theirs_.get(), theirs_.get()}));
  auto packet = receive_packet(ours_.get(), packet_);
  EXPECT_TRUE(packet->has_more_descriptors);
  packet.reset();
  EXPECT_EQ(UniqueFd(dup(ours_.get())).get(), before.get() + 1) << "one is still open";
}

TEST_F(SeqpacketTest, sending_to_a_closed_connection_fails_without_a_signal) {
  theirs_.reset();
  const std::array descriptors{ours_.get()};
  EXPECT_FALSE(send_with_descriptors(ours_.get(), packet_, descriptors));
}

TEST_F(SeqpacketTest, tells_who_is_at_the_other_end) {
  const auto peer = peer_credentials(ours_.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_EQ(peer->uid, geteuid());
}

TEST(ListenAbstract, no_one_to_accept_is_not_an_error) {
  const UniqueFd listener = listen_abstract("pyfault-test-" + random_hex(8));
  EXPECT_FALSE(accept_connection(listener.get()));
  EXPECT_EQ(errno, EAGAIN);
}

TEST(ListenAbstract, is_closed_on_exec) {
  const UniqueFd listener = listen_abstract("pyfault-test-" + random_hex(8));
  EXPECT_EQ(fcntl(listener.get(), F_GETFD), FD_CLOEXEC);
}

TEST(ListenAbstract, a_taken_name_is_an_error) {
  const std::string name = "pyfault-test-" + random_hex(8);
  const UniqueFd first = listen_abstract(name);
  EXPECT_THROW(listen_abstract(name), std::system_error);
}

TEST(ListenAbstract, a_name_too_long_is_an_error) {
  EXPECT_THROW(listen_abstract(std::string(sizeof(sockaddr_un::sun_path), 'x')), std::length_error);
}

}  // namespace
}  // namespace pyfault
