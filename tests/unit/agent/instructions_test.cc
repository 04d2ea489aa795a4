// What x86-64 code and registers tell of a trap.
#include "agent/arch/instructions.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace pyfault::test {
namespace {

constexpr greg_t kDivideError = 0;
constexpr greg_t kInvalidOpcode = 6;
constexpr greg_t kGeneralProtection = 13;
constexpr greg_t kPageFault = 14;
constexpr NearbyCode kNothing{};

Trap trap(int signal, greg_t vector, const NearbyCode& code = kNothing) {
  mcontext_t machine{};
  machine.gregs[REG_TRAPNO] = vector;
  machine.gregs[REG_RIP] = 0x401000;
  machine.gregs[REG_CR2] = 0x1000;
  return find_trap(signal, machine, code);
}

TEST(TrapOfASignal, is_a_refused_access) {
  EXPECT_EQ(trap(SIGSEGV, kPageFault).code, SEGV_MAPERR);
  EXPECT_EQ(trap(SIGBUS, kPageFault).code, BUS_ADRERR);
  EXPECT_EQ(trap(SIGSEGV, kGeneralProtection).code, SI_KERNEL);
  EXPECT_EQ(trap(SIGSEGV, kPageFault).address, 0x1000u);
}

TEST(TrapOfASignal, is_a_division_whatever_its_prefix) {
  EXPECT_EQ(trap(SIGFPE, kDivideError, {{}, {0xf7, 0xf9}}).code, FPE_INTDIV);
  EXPECT_EQ(trap(SIGFPE, kDivideError, {{}, {0x48, 0xf7, 0xf9}}).code, FPE_INTDIV);
  EXPECT_EQ(trap(SIGFPE, kDivideError, {{}, {0x66, 0x41, 0xf7, 0xf1}}).code, FPE_INTDIV);
  EXPECT_EQ(trap(SIGFPE, kDivideError, {{}, {0xf7, 0xf9}}).address, 0x401000u);
}

TEST(TrapOfASignal, is_an_illegal_instruction) {
  EXPECT_EQ(trap(SIGILL, kInvalidOpcode).code, ILL_ILLOPN);
}

TEST(TrapOfASignal, is_not_an_old_one_of_another_kind) {
  EXPECT_EQ(trap(SIGABRT, kPageFault).code, 0);
  EXPECT_EQ(trap(SIGFPE, kPageFault).code, 0);
  EXPECT_EQ(trap(SIGFPE, kDivideError, {{}, {0x90}}).code, 0);
}

TEST(TrapOfASignal, is_none_right_after_a_system_call) {
  EXPECT_EQ(trap(SIGSEGV, kPageFault, {{0x0f, 0x05}, {}}).code, 0);
}

TEST(EndOfCode, is_a_call_of_every_form) {
  EXPECT_TRUE(ends_with_call({0, 0, 0xe8, 1, 2, 3, 4}));         // call rel32
  EXPECT_TRUE(ends_with_call({0, 0, 0, 0, 0, 0xff, 0xd0}));      // call *%rax
  EXPECT_TRUE(ends_with_call({0, 0, 0, 0, 0xff, 0x50, 8}));      // call *8(%rax)
  EXPECT_TRUE(ends_with_call({0, 0, 0, 0, 0xff, 0x14, 0xc7}));   // call *(%rdi,%rax,8)
  EXPECT_TRUE(ends_with_call({0xff, 0x94, 0xc7, 0, 1, 0, 0}));   // call *256(%rdi,%rax,8)
  EXPECT_FALSE(ends_with_call({0xe8, 1, 2, 3, 4, 0x90, 0x90}));  // further back
  EXPECT_FALSE(ends_with_call({0, 0, 0, 0, 0xff, 0x60, 8}));     // jmp *8(%rax)
}

}  // namespace
}  // namespace pyfault::test
