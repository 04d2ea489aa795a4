#include "watchdog/crash/registers.h"

#include <gmock/gmock.h>

namespace pyfault::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Registers, without_any_there_are_none) {
  EXPECT_THAT(registers_of(FaultSection{}), IsEmpty());
}

FaultSection fault_with(std::int32_t code, std::uint64_t trap) {
  FaultSection fault{};
  fault.code = code;
  for (std::uint64_t index = 0; index < kRegisterCount; ++index) fault.registers[index] = index;
  fault.registers[20] = trap;
  return fault;
}

TEST(Registers, have_the_order_of_gregset) {
  const auto registers = registers_of(fault_with(1, 14));
  EXPECT_THAT(registers, SizeIs(kRegisterCount - 2));
  EXPECT_EQ(value_of(registers, "r8"), 0U);
  EXPECT_EQ(value_of(registers, "rdi"), 8U);
  EXPECT_EQ(value_of(registers, "rsp"), 15U);
  EXPECT_EQ(value_of(registers, "rip"), 16U);
  EXPECT_EQ(value_of(registers, "err"), 19U);
  EXPECT_EQ(value_of(registers, "trapno"), 14U);
  EXPECT_EQ(value_of(registers, "cr2"), 22U);
}

TEST(Registers, left_from_an_earlier_fault_are_not_shown) {
  const auto sent = registers_of(fault_with(-6, 14));
  EXPECT_EQ(value_of(sent, "rip"), 16U);
  EXPECT_FALSE(value_of(sent, "err"));
  EXPECT_FALSE(value_of(sent, "trapno"));
  EXPECT_FALSE(value_of(sent, "cr2"));
  const auto protection = registers_of(fault_with(128, 13));
  EXPECT_EQ(value_of(protection, "trapno"), 13U);
  EXPECT_FALSE(value_of(protection, "cr2"));
}

TEST(Registers, with_a_value_are_general_ones) {
  const std::vector<Register> registers = {{"rdi", 5}, {"rip", 5}, {"cr2", 5}, {"r9", 5}};
  EXPECT_THAT(registers_with(5, registers), ElementsAre("rdi", "r9"));
}

}  // namespace
}  // namespace pyfault::test
