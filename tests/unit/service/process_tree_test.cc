// Real processes: which of them belong to a worker, and which are killed with it.
#include "watchdog/service/process_tree.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "watchdog/os/pidfd.h"

namespace pyfault {
namespace {

using testing::Contains;
using testing::Not;

constexpr char kSocket[] = "@the-workers-own";

// A worker that is a shell. Its `code` prints a pid.
class Tree : public testing::Test {
 protected:
  void SetUp() override { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  void TearDown() override {
    if (tree_.pid == 0) return;
    kill_worker();  // first, because it might start more processes
    kill_below(tree_);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
  }

  // Returns the pid that `code` prints.
  int start(const std::string& code) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    tree_ = {::fork(), kSocket};
    if (tree_.pid == 0) {
      ::setsid();
      ::setenv("PYFAULT_SOCKET", kSocket, 1);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/bin/sh", "sh", "-c", code.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string said;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) said += c;
    ::close(ends[0]);
    return std::stoi(said);
  }

  void kill_worker() {
    siginfo_t ended{};
    ::kill(tree_.pid, SIGKILL);
    ::waitid(P_PID, static_cast<id_t>(tree_.pid), &ended, WEXITED | WNOWAIT);
  }

  static bool dies(int pid) {
    const UniqueFd pidfd = open_pidfd(pid);
    pollfd end{pidfd.get(), POLLIN, 0};
    return !pidfd || ::poll(&end, 1, 60'000) == 1;
  }

  WorkerTree tree_;
};

TEST_F(Tree, a_child_of_a_child_is_below_and_has_its_parents) {
  const int pid = start("sh -c 'sleep 1000 & echo $!; wait'; true");
  EXPECT_THAT(below(tree_), Contains(pid));
  EXPECT_TRUE(is_part_of(tree_, pid, ::geteuid()));
  const auto parents = parents_of(pid, tree_.pid);
  ASSERT_EQ(parents.size(), 2u);
  EXPECT_EQ(parents[0].name, "sh");
  EXPECT_EQ(parents[1].pid, tree_.pid);
}

TEST_F(Tree, the_worker_itself_has_no_parents_and_is_not_below_itself) {
  const int pid = start("echo $$; sleep 1000; true");
  EXPECT_EQ(pid, tree_.pid);
  EXPECT_TRUE(parents_of(pid, tree_.pid).empty());
  EXPECT_THAT(below(tree_), Not(Contains(pid)));
  EXPECT_TRUE(is_part_of(tree_, pid, ::geteuid()));
}

TEST_F(Tree, nobody_else_is_part_of_it) {
  start("echo 1; sleep 1000; true");
  EXPECT_FALSE(is_part_of(tree_, 1, 0));
  EXPECT_FALSE(is_part_of(tree_, ::getpid(), ::geteuid()));
}

TEST_F(Tree, all_below_are_killed_and_the_worker_is_not) {
  const int pid = start("sh -c 'sleep 1000 & echo $!; wait'; true");
  kill_below(tree_);
  EXPECT_TRUE(dies(pid));
  EXPECT_EQ(::kill(tree_.pid, 0), 0);
}

TEST_F(Tree, what_a_dead_worker_left_is_still_its_own) {
  const int pid = start("sleep 1000 & echo $!; wait");
  kill_worker();
  EXPECT_THAT(below(tree_), Contains(pid));
}

TEST_F(Tree, an_orphan_without_an_environment_is_known_by_its_session) {
  const int pid = start("sh -c 'env -i sleep 1000 > /dev/null & echo $!'; sleep 1000; true");
  EXPECT_THAT(below(tree_), Contains(pid));
}

TEST_F(Tree, a_daemon_that_left_the_session_is_found_too) {
  const int pid = start("setsid sh -c 'echo $$; sleep 1000 > /dev/null; true' & wait");
  kill_worker();
  EXPECT_THAT(below(tree_), Contains(pid));
  kill_below(tree_);
  EXPECT_TRUE(dies(pid));
}

}  // namespace
}  // namespace pyfault
