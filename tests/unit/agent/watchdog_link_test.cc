#include "agent/in_signal/watchdog_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/temp_directory.h"

namespace pyfault::test {
namespace {

class Link : public ::testing::Test {
 protected:
  Link() {
    link_.ring = static_cast<std::byte*>(ring_.get());
    ring_header(ring_.get())->id = 4711;
    ring_header(ring_.get())->ack_timeout_ms = 50;
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &mask_);
    EXPECT_EQ(mkfifo(pipe_.c_str(), 0600), 0);
    open_watchdog();
    struct stat status {};
    stat(pipe_.c_str(), &status);
    pipe_.copy(link_.wake_pipe, sizeof link_.wake_pipe - 1);
    link_.wake_pipe_device = status.st_dev;
    link_.wake_pipe_inode = status.st_ino;
  }
  ~Link() override {
    close_watchdog();
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  void open_watchdog() { watchdog_ = open(pipe_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC); }
  void close_watchdog() {
    if (watchdog_ >= 0) close(watchdog_);
    watchdog_ = -1;
  }
  bool wake() const { return Bell(link_).ring(link_); }
  // The ring id that has arrived through the wake pipe, or 0 if nothing has arrived.
  std::uint64_t has_heard_of() const {
    Wake wake{};
    return read(watchdog_, &wake, sizeof wake) == sizeof wake ? wake.ring : 0;
  }
  static bool sigpipe_pending() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
  }
  static std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  TempDirectory directory_;
  const std::string pipe_ = directory_.path() / "pipe";
  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
  sigset_t mask_{};  // before the test, which blocks SIGPIPE
  int watchdog_ = -1;
  WatchdogLink link_{};
};

TEST_F(Link, says_whose_ring_is_to_be_looked_at) {
  EXPECT_TRUE(wake());
  EXPECT_EQ(has_heard_of(), 4711U);
}

TEST_F(Link, leaves_no_descriptor_open) {
  const std::size_t before = open_descriptors();
  wake();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Link, counts_a_full_pipe_as_told) {
  while (write(watchdog_, "12345678", 8) == 8) continue;
  EXPECT_TRUE(wake());
}

TEST_F(Link, knows_that_the_watchdog_is_gone) {
  close_watchdog();
  EXPECT_FALSE(wake());
}

TEST_F(Link, knows_that_the_watchdog_has_gone_meanwhile) {
  const Bell bell(link_);
  EXPECT_TRUE(bell.watchdog_is_there());
  close_watchdog();
  EXPECT_FALSE(bell.watchdog_is_there());
  EXPECT_FALSE(bell.ring(link_));
  EXPECT_FALSE(sigpipe_pending());
}

TEST_F(Link, never_writes_into_the_file_that_has_its_name) {
  std::filesystem::remove(pipe_);
  const int file = open(pipe_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  EXPECT_FALSE(wake());
  struct stat status {};
  fstat(file, &status);
  EXPECT_EQ(status.st_size, 0);
  close(file);
}

TEST_F(Link, never_writes_into_another_pipe_that_has_its_name) {
  std::filesystem::rename(pipe_, pipe_ + ".old");
  ASSERT_EQ(mkfifo(pipe_.c_str(), 0600), 0);
  const int other = open(pipe_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  EXPECT_FALSE(wake());
  char byte;
  EXPECT_EQ(read(other, &byte, 1), -1);
  close(other);
}

TEST_F(Link, follows_no_link_that_has_its_name) {
  std::filesystem::rename(pipe_, pipe_ + ".old");
  std::filesystem::create_symlink(pipe_ + ".old", pipe_);
  EXPECT_FALSE(wake());
}

TEST_F(Link, where_the_ring_says_nothing_or_too_much_the_ack_limit_is_ours) {
  ring_header(ring_.get())->ack_timeout_ms = 0;
  EXPECT_EQ(ack_timeout_ms(link_), kDefaultAckTimeoutMs);
  ring_header(ring_.get())->ack_timeout_ms = 0xffffffff;
  EXPECT_EQ(ack_timeout_ms(link_), kMaxAckTimeoutMs);
}

TEST_F(Link, counts_a_crash_that_finds_no_slot) {
  for (std::uint32_t index = 0; index < kSlotCount; ++index) claim_slot(link_, 1);
  EXPECT_FALSE(claim_slot(link_, 1));
  EXPECT_EQ(ring_header(ring_.get())->dropped_records.load(), 1u);
}

TEST_F(Link, returns_from_the_wait_when_the_slot_is_released) {
  SlotWriter writer = claim_slot(link_, 1);
  const PublishedSlot published = writer.publish();
  SlotHeader* slot = ring_slot(ring_.get(), 0);
  slot->state.store(SlotWord::unpack(slot->state.load()).released().pack());
  wait_for_ack(link_, Bell(link_), published);
  EXPECT_NE(published.futex->load(), published.expected);
}

TEST_F(Link, gives_up_on_a_watchdog_that_never_answers) {
  SlotWriter writer = claim_slot(link_, 1);
  wait_for_ack(link_, Bell(link_), writer.publish());
  EXPECT_EQ(SlotWord::unpack(ring_slot(ring_.get(), 0)->state.load()).state, SlotState::kPublished);
}

TEST_F(Link, does_not_wait_for_a_watchdog_that_is_gone) {
  const Bell bell(link_);
  close_watchdog();
  ring_header(ring_.get())->ack_timeout_ms = kMaxAckTimeoutMs;
  SlotWriter writer = claim_slot(link_, 1);
  wait_for_ack(link_, bell, writer.publish());
}

}  // namespace
}  // namespace pyfault::test
