#include "watchdog/enrich/descendants.h"

#include <gmock/gmock.h>

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

TEST(DescendantsTest, who_has_forked_nobody_has_none) {
  const WaitingChild child;
  EXPECT_THAT(below(child.pid()), IsEmpty());
}

TEST(DescendantsTest, a_child_comes_before_its_own_children) {
  const WaitingChild child([] {
    if (::fork() != 0) return;
    ::close_range(3, ~0U, 0);  // the socket at which the test waits for its child
    for (;;) ::pause();
  });
  const auto found = below(::getpid());
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0], as_found(child.pid()));
  EXPECT_EQ(read_process_stat(found[1].pid)->ppid, child.pid());
  ::kill(found[1].pid, SIGKILL);
}

// The list of this process's children, and what it says of the first one.
TEST(DescendantsTest, no_more_is_read_than_wanted) {
  const WaitingChild one;
  const WaitingChild other;
  EXPECT_THAT(below(::getpid(), 1), IsEmpty());
  EXPECT_THAT(below(::getpid(), 2), SizeIs(1));
}

TEST(DescendantsTest, what_was_read_is_counted) {
  const WaitingChild child;
  std::size_t reads = 100;
  EXPECT_THAT(descendants_of(::getpid(), reads), SizeIs(1));
  EXPECT_EQ(reads, 97U);  // and the child has a list of its own
}

TEST(DescendantsTest, a_zombie_is_left_out) {
  const WaitingChild child;
  ::kill(child.pid(), SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT);
  EXPECT_THAT(below(::getpid()), IsEmpty());
}

TEST(DescendantsTest, a_process_that_is_gone_has_none) {
  EXPECT_THAT(below(1 << 30), IsEmpty());
}

}  // namespace
}  // namespace pyfault
