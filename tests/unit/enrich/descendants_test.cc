#include "watchdog/enrich/descendants.h"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "tests/unit/enrich/waiting_child.h"
#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

using test::WaitingChild;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Descendant> below(int pid, std::size_t reads = 100) {
  return descendants_of(pid, reads);
}

Descendant as_found(int pid) {
  return {pid, start_ticks(pid)};
}

// Runs in a forked child, which has a single thread, unlike the test's process.
void fork_children(int count) {
  for (int i = 0; i < count; ++i) {
    if (::fork() != 0) continue;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close_range(3, ~0U, 0);  // the socket at which the test waits for its child
    for (;;) ::pause();
  }
}

TEST(DescendantsTest, a_process_without_children_has_no_descendants) {
  const WaitingChild child;
  EXPECT_THAT(below(child.pid()), IsEmpty());
}

TEST(DescendantsTest, a_child_comes_before_its_own_children) {
  const WaitingChild child([] { fork_children(1); });
  const auto found = below(::getpid());
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0], as_found(child.pid()));
  EXPECT_EQ(read_process_stat(found[1].pid)->ppid, child.pid());
}

// The list of a process's children, and what /proc says of the first one.
TEST(DescendantsTest, no_more_is_read_than_wanted) {
  const WaitingChild parent([] { fork_children(2); });
  EXPECT_THAT(below(parent.pid(), 1), IsEmpty());
  EXPECT_THAT(below(parent.pid(), 2), SizeIs(1));
}

TEST(DescendantsTest, what_was_read_is_counted) {
  const WaitingChild parent([] { fork_children(1); });
  std::size_t reads = 100;
  EXPECT_THAT(descendants_of(parent.pid(), reads), SizeIs(1));
  EXPECT_EQ(reads, 97U);  // and the child has a list of its own
}

TEST(DescendantsTest, a_zombie_is_left_out) {
  const WaitingChild child;
  ::kill(child.pid(), SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT);
  EXPECT_THAT(below(::getpid()), IsEmpty());
}

TEST(DescendantsTest, a_process_that_is_gone_has_no_descendants) {
  EXPECT_THAT(below(1 << 30), IsEmpty());
}

}  // namespace
}  // namespace pyfault
