// The unwinder against that of the compiler's runtime, on real stacks: through the C library,
// through functions with large and with realigned frames, and out of a recursion.
#include "agent/in_signal/unwinder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <unwind.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/unit/agent/guarded.h"

namespace pyfault::test {
namespace {

using testing::ElementsAreArray;

// A frame: where it goes on, and its canonical frame address.
struct Place {
  std::uintptr_t program_counter, frame_address;

  bool operator==(const Place&) const = default;
};

struct Stacks {
  std::vector<Place> ours, theirs;
};

PythonRuntimeView view_of_this_process() {
  PythonRuntimeView view{};
  view.module_list = address_of(&_r_debug);
  return view;
}

_Unwind_Reason_Code note(_Unwind_Context* context, void* places) {
  static_cast<std::vector<Place>*>(places)->push_back(
      {_Unwind_GetIP(context), _Unwind_GetCFA(context)});
  return _URC_NO_REASON;
}

// The stack from the caller of this function outwards.
[[gnu::noinline]] Stacks both_stacks() {
  static const PythonRuntimeView kPython = view_of_this_process();
  const auto scratch = std::make_unique<UnwindScratch>();
  Registers registers{};
  save_registers(registers);
  Stacks stacks;
  Unwinder unwinder(kPython, registers, *scratch);
  while (unwinder.look() && unwinder.leave()) {
    stacks.ours.push_back({unwinder.program_counter(), unwinder.stack_pointer()});
  }
  _Unwind_Backtrace(&note, &stacks.theirs);
  return stacks;
}

// Of each stack, the frames that both have: what the compiler's runtime calls the frame address of
// a frame depends on its version, so program counters are compared.
std::vector<std::uintptr_t> counters(const std::vector<Place>& places, std::size_t first) {
  std::vector<std::uintptr_t> found;
  for (std::size_t index = first; index < places.size(); ++index) {
    if (places[index].program_counter != 0) found.push_back(places[index].program_counter);
  }
  return found;
}

void expect_equal(const Stacks& stacks) {
  const auto theirs = counters(stacks.theirs, 1);  // without both_stacks() itself
  EXPECT_THAT(counters(stacks.ours, 0), ElementsAreArray(theirs));
  EXPECT_GT(theirs.size(), 3u);
}

class UnwinderTest : public testing::Test {
  const Guarded guarded_;
};

TEST_F(UnwinderTest, sees_the_frames_that_the_runtime_of_the_compiler_sees) {
  expect_equal(both_stacks());
}

Stacks found_by_callback;

int compare_and_look(const void* one, const void* other) {
  found_by_callback = both_stacks();
  return std::memcmp(one, other, sizeof(int));
}

TEST_F(UnwinderTest, passes_through_the_c_library) {
  int numbers[] = {2, 1};
  std::qsort(numbers, 2, sizeof *numbers, &compare_and_look);
  expect_equal(found_by_callback);
}

[[gnu::noinline]] Stacks below_a_realigned_frame(int depth) {
  alignas(128) volatile char aligned[256] = {};
  aligned[0] = static_cast<char>(depth);
  auto* dynamic = static_cast<volatile char*>(__builtin_alloca(static_cast<std::size_t>(depth)));
  dynamic[0] = aligned[0];
  return both_stacks();
}

TEST_F(UnwinderTest, understands_realigned_and_dynamic_frames) {
  expect_equal(below_a_realigned_frame(1000));
}

[[gnu::noinline]] Stacks below_a_recursion(int depth) {
  volatile int guard = depth;
  Stacks stacks = depth == 0 ? both_stacks() : below_a_recursion(depth - 1);
  guard = guard + 1;
  return stacks;
}

TEST_F(UnwinderTest, gets_out_of_a_recursion) {
  constexpr int kDepth = 500;
  const Stacks stacks = below_a_recursion(kDepth);
  expect_equal(stacks);
  EXPECT_GT(stacks.ours.size(), std::size_t{kDepth});
}

// The registers that a function keeps for its caller, as the caller of `function` left them.
[[gnu::noinline]] UnwindRegisters registers_of_caller() {
  static const PythonRuntimeView kPython = view_of_this_process();
  const auto scratch = std::make_unique<UnwindScratch>();
  Registers registers{};
  save_registers(registers);
  Unwinder unwinder(kPython, registers, *scratch);
  if (unwinder.look()) unwinder.leave();
  return unwinder.registers();
}

TEST_F(UnwinderTest, restores_the_registers_that_functions_keep) {
  Registers here{};
  save_registers(here);
  const UnwindRegisters now = unwind_registers(here);
  const UnwindRegisters restored = registers_of_caller();
  EXPECT_EQ(restored.values[kStackColumn], now.values[kStackColumn]);
  EXPECT_EQ(return_address_place(restored) % 16, 8u);
}

TEST_F(UnwinderTest, does_not_begin_where_there_is_no_code) {
  const auto scratch = std::make_unique<UnwindScratch>();
  const PythonRuntimeView python = view_of_this_process();
  Registers registers{};
  save_registers(registers);
  registers[16] = 0;  // the program counter
  EXPECT_FALSE(Unwinder(python, registers, *scratch).look());
}

}  // namespace
}  // namespace pyfault::test
