// The agent's side of the handshake, against a listener that belongs to the test. Every test
// attaches in a child process, because a process attaches only once.
#include "agent/in_signal/attach.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "tests/support/agent_side.h"
#include "watchdog/os/random_hex.h"
#include "watchdog/os/ring_memory.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault::test {
namespace {

class Attach : public ::testing::Test {
 protected:
  Attach() {
    const std::string address = "@" + name_;
    address.copy(link_.address, sizeof link_.address - 1);
    link_.hello.magic = kHandshakeMagic;
    link_.hello.protocol = kProtocolVersion;
    link_.ring = static_cast<std::byte*>(
        ::mmap(nullptr, kRingSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  ~Attach() override { ::munmap(link_.ring, kRingSize); }

  // Runs `act` in a forked child and returns its result.
  static bool in_a_child(const std::function<bool()>& act) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(act() ? 0 : 1);
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
  }
  bool attaches() const { return attach(link_) == AttachResult::kAttached; }
  bool has_ring_for_crash(bool is_in_use) const {
    Descriptor hello;
    return prepare_ring_for_crash(link_, is_in_use, hello);
  }

  struct Heard {
    Hello hello{};
    UniqueFd ring;
  };
  Heard hear() const {
    Heard heard;
    const UniqueFd connection = accept_connection(listener_.get());
    auto packet =
        receive_packet(connection.get(), std::as_writable_bytes(std::span(&heard.hello, 1)));
    if (packet) heard.ring = std::move(packet->descriptor);
    return heard;
  }
  static std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  const std::string name_ = "pyfault-test-" + random_hex(8);
  UniqueFd listener_ = listen_abstract(name_);
  WatchdogLink link_{};
};

TEST_F(Attach, sends_a_ring_that_the_watchdog_accepts) {
  EXPECT_TRUE(in_a_child([this] { return attaches(); }));
  Heard heard = hear();
  EXPECT_EQ(heard.hello.ppid, ::getpid());
  const RingMemory ring{RingFile(std::move(heard.ring))};
  EXPECT_EQ(ring_header(ring.address())->magic, kRingMagic);
  EXPECT_EQ(ring_header(ring.address())->stage, RingStage::kWaiting);
}

TEST_F(Attach, the_ring_is_in_use_before_anybody_has_accepted) {
  EXPECT_TRUE(in_a_child([this] {
    if (!attaches() || !is_attached(link_)) return false;
    SlotWriter::claim(link_.ring, 1).publish();
    return true;
  }));
  const RingMemory ring{RingFile(hear().ring)};
  EXPECT_EQ(SlotWord::unpack(ring_slot(ring.address(), 0)->state).state, SlotState::kPublished);
}

TEST_F(Attach, leaves_no_descriptor_open) {
  EXPECT_TRUE(in_a_child([this] {
    const std::size_t before = open_descriptors();
    return attaches() && open_descriptors() == before;
  }));
}

TEST_F(Attach, without_a_listener_there_is_no_watchdog) {
  listener_.reset();
  EXPECT_TRUE(in_a_child([this] { return attach(link_) == AttachResult::kNever; }));
}

TEST_F(Attach, a_full_queue_is_tried_again_later) {
  ::listen(listener_.get(), 0);
  EXPECT_TRUE(in_a_child([this] { return attaches(); }));
  EXPECT_TRUE(in_a_child([this] {
    if (attach(link_) != AttachResult::kNotNow || is_attached(link_)) return false;
    hear();
    ensure_ring(link_);
    return is_attached(link_);
  }));
}

TEST_F(Attach, without_a_descriptor_it_is_tried_again_later) {
  EXPECT_TRUE(in_a_child([this] {
    const rlimit none{0, 100};
    const rlimit some{100, 100};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const bool not_now = attach(link_) == AttachResult::kNotNow;
    ::setrlimit(RLIMIT_NOFILE, &some);
    return not_now && attaches();
  }));
}

TEST_F(Attach, a_file_size_limit_costs_no_signal_and_stays_as_it_was) {
  EXPECT_TRUE(in_a_child([this] {
    const rlimit small{4096, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    rlimit after{};
    const bool attached = attaches();
    ::getrlimit(RLIMIT_FSIZE, &after);
    return attached && after.rlim_cur == small.rlim_cur;
  }));
}

TEST_F(Attach, a_file_size_limit_that_cannot_be_raised_costs_no_signal_either) {
  EXPECT_TRUE(in_a_child([this] {
    const rlimit small{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &small);
    return attach(link_) == AttachResult::kNotNow;
  }));
}

TEST_F(Attach, a_listener_of_another_user_gets_nothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights to become somebody else";
  listener_.reset();
  constexpr uid_t kNobody = 65534;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    if (::setuid(kNobody) != 0) ::_exit(2);
    listener_ = listen_abstract(name_);
    [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(in_a_child([this] { return attach(link_) == AttachResult::kNever; }));
  ::kill(stranger, SIGKILL);
  ::waitpid(stranger, nullptr, 0);
}

TEST_F(Attach, an_interpreter_that_is_not_known_is_said_without_a_ring) {
  link_.hello.status = ArmStatus::kUnknownVersion;
  EXPECT_TRUE(in_a_child([this] { return attach(link_) == AttachResult::kNever; }));
  const Heard heard = hear();
  EXPECT_EQ(heard.hello.status, ArmStatus::kUnknownVersion);
  EXPECT_FALSE(heard.ring);
}

TEST_F(Attach, a_ring_that_was_left_is_replaced_by_a_new_one) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    ring_header(link_.ring)->stage = RingStage::kLeft;
    ensure_ring(link_);
    return is_attached(link_);
  }));
  const auto first = ring_id(hear().ring);
  EXPECT_NE(ring_id(hear().ring), first);
}

TEST_F(Attach, a_crash_in_a_ring_that_was_not_taken_gets_a_new_one) {
  EXPECT_TRUE(in_a_child([this] { return attaches() && has_ring_for_crash(false); }));
  EXPECT_TRUE(hear().ring);
  EXPECT_TRUE(hear().ring);
}

TEST_F(Attach, a_crash_in_a_ring_that_is_taken_stays_there) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    ring_header(link_.ring)->stage = RingStage::kTaken;
    return has_ring_for_crash(false);
  }));
  EXPECT_TRUE(hear().ring);
  EXPECT_FALSE(hear().ring);
}

TEST_F(Attach, a_crash_during_a_dump_stays_in_the_ring_of_the_dump) {
  EXPECT_TRUE(in_a_child([this] { return attaches() && has_ring_for_crash(true); }));
  EXPECT_TRUE(hear().ring);
  EXPECT_FALSE(hear().ring);
}

// The watchdog has accepted the connection but dies before it takes the ring.
TEST_F(Attach, a_ring_is_lost_with_the_watchdog_that_heard_of_it) {
  EXPECT_TRUE(in_a_child([this] {
    Descriptor hello;
    if (!prepare_ring_for_crash(link_, false, hello) || give_up_if_lost(link_, hello)) return false;
    { const UniqueFd connection(::accept(listener_.get(), nullptr, nullptr)); }
    return give_up_if_lost(link_, hello) && ring_header(link_.ring)->stage == RingStage::kGivenUp;
  }));
}

TEST_F(Attach, a_ring_that_was_taken_is_not_lost) {
  EXPECT_TRUE(in_a_child([this] {
    Descriptor hello;
    if (!prepare_ring_for_crash(link_, false, hello)) return false;
    ring_header(link_.ring)->stage = RingStage::kTaken;
    { const UniqueFd connection(::accept(listener_.get(), nullptr, nullptr)); }
    return !give_up_if_lost(link_, hello);
  }));
}

TEST_F(Attach, forked_children_enter_themselves) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    ring_header(link_.ring)->stage = RingStage::kTaken;
    for (const int pid : {7, 8}) join_ring(link_, pid);
    const RingHeader& header = *ring_header(link_.ring);
    return header.children[0] == 7 && header.children[1] == 8 && header.children_end == 2;
  }));
}

TEST_F(Attach, a_child_of_a_left_ring_attaches_anew) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    ring_header(link_.ring)->stage = RingStage::kLeft;
    join_ring(link_, 7);
    return is_attached(link_);
  }));
}

TEST_F(Attach, a_child_that_executes_a_program_leaves_its_cell_and_returns_if_it_fails) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    join_ring(link_, 7);
    const RingHeader& header = *ring_header(link_.ring);
    leave_ring(link_, 7);
    const bool has_left = header.children[0] == 0 && header.executing == 0;
    return_to_ring(link_, 7);
    return has_left && header.children[0] == 7;
  }));
}

TEST_F(Attach, the_ring_says_that_who_made_it_executes_a_program) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    const RingHeader& header = *ring_header(link_.ring);
    leave_ring(link_, 7);
    const bool has_left = header.executing == 7;
    return_to_ring(link_, 7);
    return has_left && header.executing == 0 && header.children_end == 0;
  }));
}

TEST_F(Attach, children_for_whom_there_is_no_room_are_counted) {
  EXPECT_TRUE(in_a_child([this] {
    attaches();
    ring_header(link_.ring)->stage = RingStage::kTaken;
    for (std::uint32_t pid = 1; pid <= kMaxChildren + 3; ++pid) {
      join_ring(link_, static_cast<std::int32_t>(pid));
    }
    return ring_header(link_.ring)->unknown_children == 3;
  }));
}

}  // namespace
}  // namespace pyfault::test
