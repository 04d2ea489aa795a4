#include "watchdog/enrich/process_info.h"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/enrich/waiting_child.h"

namespace pyfault {
namespace {

using test::WaitingChild;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::IsEmpty;

// A pid without a process: that of a child that has been reaped.
pid_t nobody() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

TEST(ReadProcess, tells_who_we_are) {
  const auto process = read_process(getpid());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->pid, getpid());
  EXPECT_EQ(process->ppid, getppid());
  EXPECT_EQ(process->uid, geteuid());
  EXPECT_EQ(process->name, "unit_enrich");
  EXPECT_THAT(process->executable, EndsWith("/unit_enrich"));
  EXPECT_THAT(shown_command(getpid()), Contains(EndsWith("unit_enrich")));
}

TEST(ReadProcess, of_nobody_is_none) {
  EXPECT_FALSE(read_process(nobody()));
}

TEST(ReadProcess, a_zombie_has_a_name_and_a_parent_only) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  const auto process = read_process(child);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(process);
  EXPECT_EQ(process->name, "unit_enrich");
  EXPECT_EQ(process->ppid, getpid());
  EXPECT_EQ(process->executable, "");
  EXPECT_THAT(process->command, IsEmpty());
}

TEST(ReadProcess, a_name_may_look_like_the_rest_of_the_line) {
  const WaitingChild child([] { prctl(PR_SET_NAME, "x) Z 1 (y\n"); });
  const auto process = read_process(child.pid());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->name, "x) Z 1 (y\n");
  EXPECT_EQ(process->ppid, getpid());
}

TEST(ReadProcess, a_name_that_is_not_utf_8_becomes_so) {
  const WaitingChild child([] { prctl(PR_SET_NAME, "caf\xe9"); });
  EXPECT_EQ(read_process(child.pid())->name, "caf\ufffd");
}

TEST(ReadProcessStat, a_child_is_not_older_than_its_parent) {
  const WaitingChild child([] {});
  EXPECT_GE(read_process_stat(child.pid())->start_ticks, read_process_stat(getpid())->start_ticks);
}

TEST(EffectiveIdentity, is_ours) {
  const auto identity = effective_identity(getpid());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->uid, geteuid());
  EXPECT_EQ(identity->gid, getegid());
}

TEST(EffectiveIdentity, counts_what_the_process_gave_up) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root's rights to become somebody else";
  const WaitingChild child([] { (void)!seteuid(4321); });
  EXPECT_EQ(effective_identity(child.pid())->uid, 4321u);
}

TEST(EffectiveIdentity, of_nobody_is_none) {
  EXPECT_FALSE(effective_identity(nobody()));
}

}  // namespace
}  // namespace pyfault
