#include "agent/in_signal/watchdog_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace pyfault::test {
namespace {

class Link : public ::testing::Test {
 protected:
  Link() {
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0);
    struct stat status {};
    fstat(ends_[1], &status);
    link_.ring = ring_.get();
    link_.pipe = ends_[1];
    link_.pipe_device = status.st_dev;
    link_.pipe_inode = status.st_ino;
    link_.ack_timeout_ms = 50;
  }
  ~Link() override {
    close_watchdog();
    if (ends_[1] >= 0) close(ends_[1]);
  }

  bool wake() { return wake_watchdog(link_, {TokenKind::kRecord, 0, 7}); }
  void close_watchdog() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }
  bool sigpipe_pending() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
  }

  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
  int ends_[2] = {-1, -1};
  WatchdogLink link_;
};

TEST_F(Link, CarriesAWholeToken) {
  EXPECT_TRUE(wake());
  Token token{};
  EXPECT_EQ(read(ends_[0], &token, sizeof token), static_cast<ssize_t>(sizeof token));
  EXPECT_EQ(token.pid, 7);
}

TEST_F(Link, CountsAFullPipeAsTold) {
  while (write(ends_[1], "12345678", 8) == 8) continue;
  EXPECT_TRUE(wake());
}

TEST_F(Link, KnowsThatTheWatchdogIsGone) {
  close_watchdog();
  EXPECT_FALSE(wake());
  EXPECT_FALSE(sigpipe_pending());
}

TEST_F(Link, NeverWritesIntoTheFileThatGotItsNumber) {
  const int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  dup2(file, ends_[1]);
  EXPECT_FALSE(wake());
  struct stat status {};
  fstat(file, &status);
  EXPECT_EQ(status.st_size, 0);
  close(file);
}

TEST_F(Link, NeverWritesIntoAnotherPipeThatGotItsNumber) {
  int other[2];
  ASSERT_EQ(pipe2(other, O_CLOEXEC | O_NONBLOCK), 0);
  dup2(other[1], ends_[1]);
  EXPECT_FALSE(wake());
  char byte;
  EXPECT_EQ(read(other[0], &byte, 1), -1);
  close(other[0]);
  close(other[1]);
}

TEST_F(Link, SurvivesAClosedDescriptor) {
  close(ends_[1]);
  ends_[1] = -1;
  EXPECT_FALSE(wake());
}

TEST_F(Link, CountsACrashThatFindsNoSlot) {
  for (std::uint32_t index = 0; index < kSlotCount; ++index) claim_slot(link_, 1);
  EXPECT_FALSE(claim_slot(link_, 1));
  EXPECT_EQ(ring_header(ring_.get())->dropped_records.load(), 1u);
}

TEST_F(Link, ReturnsFromTheWaitWhenTheSlotIsReleased) {
  SlotWriter writer = claim_slot(link_, 1);
  const PublishedSlot published = writer.publish();
  SlotHeader* slot = ring_slot(ring_.get(), 0);
  slot->state.store(SlotWord::unpack(slot->state.load()).released().pack());
  wait_for_ack(link_, published);
  EXPECT_NE(published.futex->load(), published.expected);
}

TEST_F(Link, GivesUpOnAWatchdogThatNeverAnswers) {
  SlotWriter writer = claim_slot(link_, 1);
  wait_for_ack(link_, writer.publish());
  EXPECT_EQ(SlotWord::unpack(ring_slot(ring_.get(), 0)->state.load()).state, SlotState::kPublished);
}

TEST_F(Link, DoesNotWaitForAWatchdogThatIsGone) {
  close_watchdog();
  link_.ack_timeout_ms = 3'600'000;
  SlotWriter writer = claim_slot(link_, 1);
  wait_for_ack(link_, writer.publish());
}

}  // namespace
}  // namespace pyfault::test
