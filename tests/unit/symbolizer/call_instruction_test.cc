// Which bytes in front of an address make it a return address. The encodings are those of objdump.
#include <gtest/gtest.h>

#include <vector>

#include "watchdog/symbolizer/call_instruction.h"

namespace pyfault::test {
namespace {

bool is_call(const std::vector<unsigned char>& bytes) {
  return ends_with_call(std::as_bytes(std::span(bytes)));
}

TEST(CallInstructionTest, direct) {
  EXPECT_TRUE(is_call({0xe8, 1, 2, 3, 4}));
  EXPECT_TRUE(is_call({0x66, 0x48, 0xe8, 1, 2, 3, 4}));  // __tls_get_addr
}

TEST(CallInstructionTest, through_a_register) {
  EXPECT_TRUE(is_call({0xff, 0xd0}));        // call *%rax
  EXPECT_TRUE(is_call({0x41, 0xff, 0xd3}));  // call *%r11
}

TEST(CallInstructionTest, through_memory) {
  EXPECT_TRUE(is_call({0xff, 0x10}));                          // call *(%rax)
  EXPECT_TRUE(is_call({0xff, 0x50, 8}));                       // call *8(%rax)
  EXPECT_TRUE(is_call({0xff, 0x90, 0, 1, 0, 0}));              // call *0x100(%rax)
  EXPECT_TRUE(is_call({0xff, 0x15, 1, 2, 3, 4}));              // call *0x4030201(%rip)
  EXPECT_TRUE(is_call({0xff, 0x14, 0xc8}));                    // call *(%rax,%rcx,8)
  EXPECT_TRUE(is_call({0xff, 0x54, 0x24, 8}));                 // call *8(%rsp)
  EXPECT_TRUE(is_call({0xff, 0x14, 0xc5, 1, 2, 3, 4}));        // call *0x4030201(,%rax,8)
  EXPECT_TRUE(is_call({0x41, 0xff, 0x94, 0xc4, 1, 2, 3, 4}));  // call *0x4030201(%r12,%rax,8)
}

TEST(CallInstructionTest, other_instructions) {
  EXPECT_FALSE(is_call({}));
  EXPECT_FALSE(is_call({0xe8}));
  EXPECT_FALSE(is_call({0xe9, 1, 2, 3, 4}));        // jmp
  EXPECT_FALSE(is_call({0xff, 0xe0}));              // jmp *%rax
  EXPECT_FALSE(is_call({0xff, 0x25, 1, 2, 3, 4}));  // jmp *0x4030201(%rip)
  EXPECT_FALSE(is_call({0xff, 0x50}));              // cut
  EXPECT_FALSE(is_call({0xff, 0x10, 0x90}));        // call *(%rax); nop
  EXPECT_FALSE(is_call({0x48, 0x89, 0xe5}));        // mov %rsp, %rbp
}

}  // namespace
}  // namespace pyfault::test
