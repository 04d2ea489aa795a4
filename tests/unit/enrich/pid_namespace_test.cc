#include "watchdog/enrich/pid_namespace.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/enrich/waiting_child.h"

namespace pyfault {
namespace {

TEST(PidNamespace, a_child_of_our_own_is_not_translated) {
  const test::WaitingChild child;
  EXPECT_FALSE(find_namespaced_child(getpid(), child.pid()));
}

TEST(PidNamespace, nobody_has_no_children) {
  EXPECT_FALSE(find_namespaced_child(-1, 1));
}

// unshare() puts all further children of a process into the new namespace. It therefore runs in a
// child, so that later tests of this process are not affected.
TEST(PidNamespace, the_first_of_another_namespace_is_found) {
  const pid_t parent = fork();
  if (parent == 0) {
    if (unshare(CLONE_NEWPID) != 0) _exit(77);
    test::WaitingChild first;
    const bool found = find_namespaced_child(getpid(), 1) == first.pid();
    first.die();
    _exit(found ? 0 : 1);
  }
  int status = 0;
  waitpid(parent, &status, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "needs root's rights to make a PID namespace";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace pyfault
