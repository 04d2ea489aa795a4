#include "watchdog/enrich/descendants.h"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <string>

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

// Each has a list of children. A forked child has a single one, or two where ThreadSanitizer adds
// its own.
std::size_t threads_of(int pid) {
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid) + "/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// Runs in a forked child.
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

// The lists of a process's children, and what /proc says of the first one.
TEST(DescendantsTest, no_more_is_read_than_wanted) {
  const WaitingChild parent([] { fork_children(2); });
  const std::size_t lists = threads_of(parent.pid());
  EXPECT_THAT(below(parent.pid(), lists), IsEmpty());
  EXPECT_THAT(below(parent.pid(), lists + 1), SizeIs(1));
}

TEST(DescendantsTest, what_was_read_is_counted) {
  const WaitingChild parent([] { fork_children(1); });
  std::size_t left = 100;
  const auto found = descendants_of(parent.pid(), left);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(100 - left, threads_of(parent.pid()) + 1 + threads_of(found[0].pid));
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
