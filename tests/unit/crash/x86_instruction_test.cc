// Machine code as GNU as makes it of the instruction in the comment.
#include "watchdog/crash/x86_instruction.h"

#include <gmock/gmock.h>

namespace pyfault::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Register> kRegisters = {
    {"rax", 0x1000}, {"rbx", 0x8000'0000'0004}, {"rcx", 0xffff'ffff}, {"rsp", 0x7ff0},
    {"rbp", 0x7fc8}, {"rsi", 0x6001},           {"rdi", 0x10},        {"r8", 0},
    {"r9", 0x900},   {"r11", 0x4141},           {"r12", 0xc00},       {"r13", 0xd00}};

using Code = std::vector<std::uint8_t>;

X86Instruction decoded(const Code& code) {
  return X86Instruction::decode(code).value();
}

std::vector<std::string> operands(const Code& code) {
  std::vector<std::string> texts;
  for (const MemoryOperand& operand : decoded(code).memory_operands(kRegisters))
    texts.push_back(operand.text());
  return texts;
}

std::uint64_t address(const Code& code) {
  return decoded(code).memory_operands(kRegisters).at(0).address;
}

TEST(X86Instruction, an_operand_is_computed_from_registers) {
  EXPECT_THAT(operands({0x8b, 0x47, 0x10}), ElementsAre("rdi + 0x10"));       // mov 0x10(%rdi),%eax
  EXPECT_THAT(operands({0x41, 0x89, 0x14, 0x24}), ElementsAre("r12"));        // mov %edx,(%r12)
  EXPECT_THAT(operands({0x49, 0x89, 0x45, 0x00}), ElementsAre("r13"));        // mov %rax,(%r13)
  EXPECT_THAT(operands({0x0f, 0xb6, 0x07}), ElementsAre("rdi"));              // movzbl (%rdi),%eax
  EXPECT_THAT(operands({0xf0, 0xff, 0x07}), ElementsAre("rdi"));              // lock incl (%rdi)
  EXPECT_THAT(operands({0x66, 0x0f, 0x38, 0x00, 0x08}), ElementsAre("rax"));  // pshufb (%rax),%xmm1
  // mov 0x1000(%rsp),%rdx
  EXPECT_THAT(operands({0x48, 0x8b, 0x94, 0x24, 0, 0x10, 0, 0}), ElementsAre("rsp + 0x1000"));
  // mov -0x14(%rbp,%rcx,8),%rax
  EXPECT_THAT(operands({0x48, 0x8b, 0x44, 0xcd, 0xec}), ElementsAre("rbp + rcx*8 - 0x14"));
  // movb $1,0x20(,%rax,4)
  EXPECT_THAT(operands({0xc6, 0x04, 0x85, 0x20, 0, 0, 0, 1}), ElementsAre("rax*4 + 0x20"));
}

TEST(X86Instruction, its_address_is_computed_as_the_processor_does) {
  EXPECT_EQ(address({0x8b, 0x47, 0x10}), 0x20U);
  EXPECT_EQ(address({0x48, 0x8b, 0x44, 0xcd, 0xec}), 0x7fc8U + 8 * 0xffff'ffffULL - 0x14);
  EXPECT_EQ(address({0xc6, 0x04, 0x85, 0x20, 0, 0, 0, 1}), 0x4020U);
}

TEST(X86Instruction, vectors_have_operands_too) {
  EXPECT_THAT(operands({0xc5, 0xfd, 0x74, 0x07}), ElementsAre("rdi"));  // vpcmpeqb (%rdi),...
  EXPECT_THAT(operands({0xf3, 0x0f, 0x6f, 0x06}), ElementsAre("rsi"));  // movdqu (%rsi),%xmm0
  // vmovdqu64 64(%r9),%zmm1
  EXPECT_THAT(operands({0x62, 0xd1, 0xfe, 0x48, 0x6f, 0x49, 0x01}), ElementsAre("r9 + 0x40"));
}

TEST(X86Instruction, string_instructions_have_theirs_in_fixed_registers) {
  EXPECT_THAT(operands({0xf3, 0xa4}), ElementsAre("rsi", "rdi"));  // rep movsb
  EXPECT_THAT(operands({0xf3, 0x48, 0xab}), ElementsAre("rdi"));   // rep stos
}

TEST(X86Instruction, the_stack_is_an_operand) {
  EXPECT_THAT(operands({0x53}), ElementsAre("rsp - 0x8"));                            // push %rbx
  EXPECT_THAT(operands({0x41, 0x5e}), ElementsAre("rsp"));                            // pop %r14
  EXPECT_THAT(operands({0xc9}), ElementsAre("rbp"));                                  // leave
  EXPECT_THAT(operands({0xff, 0x50, 0x18}), ElementsAre("rax + 0x18", "rsp - 0x8"));  // call *...
}

TEST(X86Instruction, what_only_computes_an_address_accesses_none) {
  EXPECT_THAT(operands({0x48, 0x8d, 0x47, 0x08}), IsEmpty());        // lea 8(%rdi),%rax
  EXPECT_THAT(operands({0x66, 0x0f, 0x1f, 0x04, 0x00}), IsEmpty());  // nopw (%rax,%rax,1)
}

TEST(X86Instruction, an_operand_that_cannot_be_computed_is_not_guessed) {
  EXPECT_THAT(operands({0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}), IsEmpty());  // %fs:0x28
  EXPECT_THAT(operands({0x48, 0x8b, 0x05, 0xe0, 0x2e, 0, 0}), IsEmpty());           // 0x2ee0(%rip)
  EXPECT_THAT(operands({0xc4, 0xe2, 0x6d, 0x90, 0x04, 0x88}), IsEmpty());           // vpgatherdd
  EXPECT_THAT(operands({0x41, 0x8b, 0x06}), IsEmpty());  // mov (%r14),%eax: r14 is not known
}

TEST(X86Instruction, code_that_is_cut_off_is_not_decoded) {
  const Code whole = {0x66, 0x48, 0x8b, 0x94, 0x24, 0, 0x10, 0, 0};
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(X86Instruction::decode(std::span(whole).first(size))) << size;
  }
  EXPECT_TRUE(X86Instruction::decode(whole));
}

TEST(X86Instruction, any_bytes_are_survived) {
  for (unsigned first = 0; first < 0x10000; ++first) {
    Code code = {static_cast<std::uint8_t>(first >> 8), static_cast<std::uint8_t>(first)};
    for (const std::uint8_t rest : Code{0x00, 0x44, 0x85, 0xff}) {
      code.resize(2);
      code.resize(15, rest);
      const auto instruction = X86Instruction::decode(code);
      if (!instruction) continue;
      EXPECT_LE(instruction->memory_operands(kRegisters).size(), 2U);
      instruction->divisor(kRegisters);
    }
  }
}

TEST(X86Instruction, aligned_moves_demand_alignment) {
  EXPECT_EQ(decoded({0x0f, 0x29, 0x45, 0xd0}).required_alignment(),
            16U);  // movaps %xmm0,-0x30(%rbp)
  EXPECT_EQ(decoded({0x66, 0x0f, 0x6f, 0x06}).required_alignment(), 16U);  // movdqa (%rsi),%xmm0
  EXPECT_EQ(decoded({0x0f, 0x58, 0x08}).required_alignment(), 16U);        // addps (%rax),%xmm1
  EXPECT_EQ(decoded({0xc5, 0xfc, 0x28, 0x0a}).required_alignment(), 32U);  // vmovaps (%rdx),%ymm1
  EXPECT_EQ(decoded({0xf3, 0x0f, 0x6f, 0x06}).required_alignment(), 1U);   // movdqu (%rsi),%xmm0
  EXPECT_EQ(decoded({0xf2, 0x0f, 0x10, 0x00}).required_alignment(), 1U);   // movsd (%rax),%xmm0
  EXPECT_EQ(decoded({0x8b, 0x47, 0x10}).required_alignment(), 1U);
}

TEST(X86Instruction, a_divisor_has_the_name_and_the_width_of_the_instruction) {
  const auto ecx = decoded({0xf7, 0xf9}).divisor(kRegisters).value();  // idiv %ecx
  EXPECT_EQ(ecx.name, "ecx");
  EXPECT_EQ(ecx.value, 0xffff'ffffU);
  EXPECT_TRUE(ecx.is_minus_one);
  const auto r8 = decoded({0x49, 0xf7, 0xf0}).divisor(kRegisters).value();  // div %r8
  EXPECT_EQ(r8.name, "r8");
  EXPECT_EQ(r8.value, 0U);
  EXPECT_EQ(decoded({0x66, 0xf7, 0xf6}).divisor(kRegisters)->name, "si");   // div %si
  EXPECT_EQ(decoded({0x40, 0xf6, 0xf6}).divisor(kRegisters)->name, "sil");  // div %sil
  const auto ah = decoded({0xf6, 0xfc}).divisor(kRegisters).value();        // idiv %ah
  EXPECT_EQ(ah.name, "ah");
  EXPECT_EQ(ah.value, 0x10U);
}

TEST(X86Instruction, a_divisor_in_memory_has_no_name) {
  EXPECT_EQ(decoded({0xf7, 0x7d, 0xec}).divisor(kRegisters)->name, "");  // idivl -0x14(%rbp)
  EXPECT_FALSE(decoded({0x8b, 0x47, 0x10}).divisor(kRegisters));
}

TEST(X86Instruction, a_jump_through_a_register_has_a_target) {
  EXPECT_EQ(decoded({0xff, 0xd0}).jump_target(kRegisters)->value, 0x1000U);     // call *%rax
  EXPECT_EQ(decoded({0x41, 0xff, 0xe3}).jump_target(kRegisters)->name, "r11");  // jmp *%r11
  EXPECT_FALSE(decoded({0xff, 0x50, 0x18}).jump_target(kRegisters));
}

TEST(X86Instruction, returns_traps_and_what_is_privileged_are_known) {
  EXPECT_TRUE(decoded({0xc3}).is_return());
  EXPECT_TRUE(decoded({0xf3, 0xc3}).is_return());
  EXPECT_FALSE(decoded({0xc9}).is_return());
  EXPECT_TRUE(decoded({0x0f, 0x0b}).is_trap());
  EXPECT_TRUE(decoded({0xf4}).is_privileged());        // hlt
  EXPECT_TRUE(decoded({0x0f, 0x32}).is_privileged());  // rdmsr
  EXPECT_FALSE(decoded({0x0f, 0x0b}).is_privileged());
  EXPECT_FALSE(decoded({0xc5, 0xfd, 0x09, 0x00}).is_privileged());  // a number of another map
}

}  // namespace
}  // namespace pyfault::test
