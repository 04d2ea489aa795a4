// What a symbolizer can still do that a hostile file has taken over.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "tests/support/child_process.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

Outcome in_sandbox(const std::string& deed) {
  return run({.command = {PYFAULT_SANDBOX_SUBJECT, deed}});
}

struct SandboxTest : testing::TestWithParam<const char*> {};

struct AllowedTest : SandboxTest {};
TEST_P(AllowedTest, works) {
  EXPECT_EQ(in_sandbox(GetParam()).ending, exited(0));
}
INSTANTIATE_TEST_SUITE_P(Sandbox, AllowedTest, testing::Values("nothing", "allocate", "answer"));

struct RefusedTest : SandboxTest {};
TEST_P(RefusedTest, fails) {
  EXPECT_EQ(in_sandbox(GetParam()).ending, exited(1));
}
INSTANTIATE_TEST_SUITE_P(Sandbox, RefusedTest,
                         testing::Values("open", "stat", "socket", "write elsewhere",
                                         "use what was open", "map code", "make code",
                                         "take 3 GiB"));

struct ForbiddenTest : SandboxTest {};
TEST_P(ForbiddenTest, ends_the_process) {
  EXPECT_EQ(in_sandbox(GetParam()).ending, killed_by(SIGSYS));
}
INSTANTIATE_TEST_SUITE_P(Sandbox, ForbiddenTest,
                         testing::Values("fork", "execute", "kill", "trace", "be looked at"));

TEST(Sandbox, abort_is_told_from_a_forbidden_call) {
  EXPECT_EQ(in_sandbox("abort").ending, killed_by(SIGABRT));
}

TEST(Sandbox, says_only_what_goes_into_the_answer) {
  EXPECT_EQ(in_sandbox("answer").out, "said");
}

// What the kernel says of a process that is in the sandbox.
struct SandboxStateTest : testing::Test {
  SandboxStateTest() { child.await("here"); }

  std::string read(const char* name) const {
    return read_file("/proc/" + std::to_string(child.pid()) + "/" + name);
  }

  ChildProcess child{{.command = {PYFAULT_SANDBOX_SUBJECT, "stay"}}};
};

TEST_F(SandboxStateTest, limits) {
  const std::string limits = read("limits");
  EXPECT_THAT(limits, ContainsRegex("Max cpu time  *5  *5 "));
  EXPECT_THAT(limits, ContainsRegex("Max address space  *2147483648  *2147483648 "));
  EXPECT_THAT(limits, ContainsRegex("Max core file size  *0  *0 "));
  EXPECT_THAT(limits, ContainsRegex("Max file size  *0  *0 "));
  EXPECT_THAT(limits, ContainsRegex("Max processes  *0  *0 "));
  EXPECT_THAT(limits, ContainsRegex("Max open files  *68  *68 "));
}

TEST_F(SandboxStateTest, rights) {
  const std::string status = read("status");
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2\n"));
  EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000\n"));
  EXPECT_THAT(status, HasSubstr("CapPrm:\t0000000000000000\n"));
  if (::geteuid() != 0) GTEST_SKIP() << "to become another user needs root";
  EXPECT_THAT(status, HasSubstr("Uid:\t65534\t65534\t65534\t65534\n"));
  EXPECT_THAT(status, HasSubstr("Gid:\t65534\t65534\t65534\t65534\n"));
  EXPECT_THAT(status, ContainsRegex("Groups:\t *\n"));
}

TEST_F(SandboxStateTest, is_the_first_to_go_when_memory_runs_out) {
  EXPECT_EQ(read("oom_score_adj"), "1000\n");
}

}  // namespace
}  // namespace pyfault::test
