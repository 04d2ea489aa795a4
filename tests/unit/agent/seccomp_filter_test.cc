// Predicts what a seccomp filter would do to the agent's system calls; the answers must be those of
// the kernel.
#include "agent/seccomp_filter.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstddef>
#include <vector>

namespace pyfault::test {
namespace {

constexpr sock_filter kLoadNumber = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
constexpr sock_filter kLoadArchitecture =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
constexpr sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

sock_filter verdict(unsigned action) {
  return BPF_STMT(BPF_RET | BPF_K, action);
}
sock_filter unless(unsigned value, unsigned char skip) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}
bool deadly(std::vector<sock_filter> steps) {
  return forbidden_by({static_cast<unsigned short>(steps.size()), steps.data()}).wake_up;
}

TEST(SeccompFilter, one_that_allows_everything_is_harmless) {
  EXPECT_FALSE(deadly({kAllow}));
}

TEST(SeccompFilter, one_that_kills_for_what_we_need_is_deadly) {
  for (const unsigned action : {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                SECCOMP_RET_USER_NOTIF}) {
    EXPECT_TRUE(deadly({kLoadNumber, unless(SYS_openat, 1), verdict(action), kAllow})) << action;
  }
}

TEST(SeccompFilter, one_that_only_denies_is_harmless) {
  EXPECT_FALSE(deadly({verdict(SECCOMP_RET_ERRNO | 1)}));
}

TEST(SeccompFilter, one_that_kills_for_something_else_is_harmless) {
  EXPECT_FALSE(
      deadly({kLoadNumber, unless(SYS_getpriority, 1), verdict(SECCOMP_RET_KILL_PROCESS), kAllow}));
}

TEST(SeccompFilter, one_for_another_architecture_is_harmless) {
  EXPECT_FALSE(deadly(
      {kLoadArchitecture, unless(AUDIT_ARCH_I386, 1), verdict(SECCOMP_RET_KILL_PROCESS), kAllow}));
}

TEST(SeccompFilter, one_that_looks_at_arguments_sees_ours) {
  const sock_filter load_flags =
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + 2 * sizeof(__u64));
  const sock_filter if_for_writing = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1 /* O_WRONLY */, 0, 1);
  EXPECT_TRUE(deadly({kLoadNumber, unless(SYS_openat, 3), load_flags, if_for_writing,
                      verdict(SECCOMP_RET_KILL_PROCESS), kAllow}));
}

TEST(SeccompFilter, computes_as_the_kernel_does) {
  EXPECT_TRUE(deadly({BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 6), BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 7),
                      BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 3),
                      BPF_STMT(BPF_MISC | BPF_TXA, 0), unless(42, 1),
                      verdict(SECCOMP_RET_KILL_PROCESS), kAllow}));
}

TEST(SeccompFilter, what_the_kernel_would_refuse_is_deadly) {
  EXPECT_TRUE(deadly({kLoadNumber}));                                     // runs off the end
  EXPECT_TRUE(deadly({BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), kAllow}));  // jumps out of bounds
  EXPECT_TRUE(deadly({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4096), kAllow}));
  EXPECT_TRUE(deadly({BPF_STMT(BPF_ST, 16), kAllow}));
  EXPECT_TRUE(deadly({BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), kAllow}));
  EXPECT_TRUE(deadly({}));
}

TEST(SeccompFilter, one_may_forbid_a_ring_and_no_wake_up) {
  std::vector<sock_filter> steps = {kLoadNumber, unless(SYS_memfd_create, 1),
                                    verdict(SECCOMP_RET_KILL_PROCESS), kAllow};
  const Forbidden forbidden =
      forbidden_by({static_cast<unsigned short>(steps.size()), steps.data()});
  EXPECT_TRUE(forbidden.attach);
  EXPECT_FALSE(forbidden.wake_up);
}

}  // namespace
}  // namespace pyfault::test
