// Which call a fault is in, and whether null may be returned in its place: on the real stack of a
// function that stands for the evaluation loop.
#include "agent/in_signal/python_call.h"

#include <alloca.h>
#include <gtest/gtest.h>
#include <link.h>
#include <pthread.h>

#include <array>
#include <functional>
#include <memory>
#include <thread>

#include "tests/unit/agent/fake_python.h"

// Helpers of instructions, which call the function that they are given: as compilers compare a
// result with null, and with the tagged reference for null; and by way of another function.
extern "C" void* helper_of_objects(void* (*function)());
extern "C" void* helper_of_references(void* (*function)());
extern "C" void* helper_that_jumps(void* (*function)());
asm(R"(
  .pushsection .text
  helper_of_objects:
  .cfi_startproc
  push %rbx
  .cfi_def_cfa_offset 16
  call *%rdi
  test %rax, %rax
  pop %rbx
  .cfi_def_cfa_offset 8
  ret
  .cfi_endproc
  helper_of_references:
  .cfi_startproc
  push %rbx
  .cfi_def_cfa_offset 16
  call *%rdi
  cmp $1, %rax
  pop %rbx
  .cfi_def_cfa_offset 8
  ret
  .cfi_endproc
  helper_that_jumps:
  .cfi_startproc
  jmp helper_of_objects
  .cfi_endproc
  .popsection
)");

namespace pyfault::test {
namespace {

constexpr std::uint8_t kCall = 52, kStoreAttribute = 110, kExtendedArgument = 69;  // of 3.14

struct Fault {
  const PythonRuntimeView* python = nullptr;
  ThreadState thread;
  DelicateCode delicate{};
  GuardOutcome outcome{};
  UnwindRegisters caller{};
};
Fault* fault = nullptr;

// What is done in place of a fault: asks for the call that it is in.
[[gnu::noinline]] void* fault_here() {
  const auto scratch = std::make_unique<UnwindScratch>();
  Registers registers{};
  save_registers(registers);
  fault->outcome = find_python_call(*fault->python, fault->thread, registers, fault->delicate,
                                    *scratch, fault->caller);
  return nullptr;
}

using Function = void* (*)(void* (*)());

[[gnu::noinline]] void* c_code(void* (*function)()) {
  void* volatile result = function();
  return result;
}

[[gnu::noinline]] void* release(void* (*function)()) {
  void* volatile result = function();
  return result;
}

[[gnu::noinline]] void* helper_that_releases(void* (*function)()) {
  void* volatile result = release(function);
  return result;
}

[[gnu::noinline]] void* helper_that_is_interrupted(void* (*)()) {
  const auto scratch = std::make_unique<UnwindScratch>();
  Registers registers{};
  save_registers(registers);
  fault->outcome = find_python_call(*fault->python, fault->thread, registers, fault->delicate,
                                    *scratch, fault->caller);
  return nullptr;
}

// The evaluation loop. It has its shim among its local variables, and a call that names kFunction;
// `bytes` are what its instructions take.
template <Function kFunction, int kBytes = 8192>
[[gnu::noinline]] void run_loop(FakePython& python, std::uintptr_t frame) {
  alignas(8) std::array<std::byte, 128> shim{};
  python.put<std::uint8_t>(address_of(shim.data()), python.view().layout.frame.owner, 3);
  python.set_previous(frame, address_of(shim.data()));
  asm volatile(".skip %c0, 0x90" : : "i"(kBytes));
  void* volatile result = kFunction(&fault_here);
  python.set_previous(frame, 0);
  static_cast<void>(result);
}

// An evaluation loop below another one, and the frame that it runs.
FakePython* inner_python = nullptr;
std::uintptr_t inner_frame = 0;

[[gnu::noinline]] void* run_inner_loop(void* (*)()) {
  run_loop<&c_code>(*inner_python, inner_frame);
  return nullptr;
}

// Calls the function where so much is left of the calling thread's stack.
void leave_of_stack(std::size_t bytes, const std::function<void()>& function) {
  pthread_attr_t attributes;
  void* begin = nullptr;
  std::size_t size = 0;
  ::pthread_getattr_np(::pthread_self(), &attributes);
  ::pthread_attr_getstack(&attributes, &begin, &size);
  ::pthread_attr_destroy(&attributes);
  const std::uintptr_t here = address_of(__builtin_frame_address(0));
  auto* const used = static_cast<volatile char*>(alloca(here - address_of(begin) - bytes));
  used[0] = 0;
  function();
}

class PythonCall : public testing::Test {
 protected:
  PythonCall() { fault = &fault_; }

  void execute(std::initializer_list<std::uint8_t> opcodes) {
    std::size_t at = python_.view().layout.code.instructions;
    for (const std::uint8_t opcode : opcodes) {
      python_.put(code_, at, opcode);
      at += 2;
    }
  }

  void help_with(Function helper, bool returns_reference) {
    view_.helpers[0] = {function(helper), returns_reference};
    view_.eval_loop = 0;
  }

  template <Function kFunction, int kBytes = 8192>
  GuardOutcome outcome() {
    view_.module_list = address_of(&_r_debug);
    view_.interpreter = {1, ~std::uintptr_t{0}};
    if (view_.eval_loop == 0) view_.eval_loop = loop<kFunction, kBytes>();
    view_.deallocate = function(&release);
    fault_.python = &view_;
    fault_.thread.frame = frame_;
    fault_.thread.interpreter = address_of(interpreter_.data());
    run_loop<kFunction, kBytes>(python_, frame_);
    return fault_.outcome;
  }

  template <Function kFunction, int kBytes = 8192>
  static std::uintptr_t loop() {
    return reinterpret_cast<std::uintptr_t>(&run_loop<kFunction, kBytes>);
  }
  static std::uintptr_t function(Function function) {
    return reinterpret_cast<std::uintptr_t>(function);
  }
  // Returns whether the call that is to fail is one of this function's.
  bool lands_in(std::uintptr_t function, std::uintptr_t bytes) const {
    const std::uintptr_t counter = fault_.caller.values[kReturnColumn];
    return counter > function && counter < function + bytes;
  }

  const Guarded guarded_;
  FakePython python_{14};
  PythonRuntimeView view_ = python_.view();
  const std::uintptr_t code_ = python_.code("f");
  const std::uintptr_t frame_ = python_.frame(code_, 0);
  std::array<std::byte, 16384> interpreter_{};
  Fault fault_;
};

TEST_F(PythonCall, of_c_code_may_fail) {
  execute({kCall});
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kException);
  EXPECT_TRUE(lands_in(view_.eval_loop, 12288));
}

TEST_F(PythonCall, may_have_a_long_argument) {
  execute({kExtendedArgument, kExtendedArgument, kCall});
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kException);
}

TEST_F(PythonCall, that_returns_no_object_is_left_alone) {
  execute({kStoreAttribute});
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kNoObject);
  execute({kExtendedArgument, kStoreAttribute});
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kNoObject);
}

TEST_F(PythonCall, that_releases_an_object_is_left_alone) {
  execute({kCall});
  EXPECT_EQ(outcome<&release>(), GuardOutcome::kNoObject);
}

TEST_F(PythonCall, of_a_tail_call_interpreter_is_left_alone) {
  execute({kCall});
  EXPECT_EQ((outcome<&c_code, 1000>()), GuardOutcome::kTailCalls);
}

TEST_F(PythonCall, of_a_helper_fails_in_the_helper) {
  execute({kCall});
  help_with(&helper_of_objects, false);
  EXPECT_EQ(outcome<&helper_of_objects>(), GuardOutcome::kException);
  EXPECT_TRUE(lands_in(function(&helper_of_objects), 16));
  help_with(&helper_of_references, false);
  EXPECT_EQ(outcome<&helper_of_references>(), GuardOutcome::kException);
}

TEST_F(PythonCall, of_a_helper_that_has_gone_on_elsewhere_is_left_alone) {
  execute({kCall});
  help_with(&helper_that_jumps, false);
  EXPECT_EQ(outcome<&helper_that_jumps>(), GuardOutcome::kNoObject);
}

TEST_F(PythonCall, may_be_in_a_part_of_the_loop_that_was_split_off) {
  execute({kCall});
  view_.eval_loop = function(&release);
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kException);
}

TEST_F(PythonCall, below_another_loop_is_left_alone) {
  execute({kCall});
  inner_python = &python_;
  inner_frame = python_.frame(code_, 0);
  view_.eval_loop = loop<&c_code>();
  EXPECT_EQ(outcome<&run_inner_loop>(), GuardOutcome::kNoPythonCall);
}

TEST_F(PythonCall, with_little_stack_is_left_alone) {
  execute({kCall});
  std::thread([this] {
    leave_of_stack(kLandingBytes - kPageSize, [this] { outcome<&c_code>(); });
  }).join();
  EXPECT_EQ(fault_.outcome, GuardOutcome::kNoStack);
}

TEST_F(PythonCall, whose_result_is_a_tagged_reference_is_left_alone) {
  execute({kCall});
  help_with(&helper_of_references, true);
  EXPECT_EQ(outcome<&helper_of_references>(), GuardOutcome::kNoObject);
  help_with(&helper_of_objects, true);
  EXPECT_EQ(outcome<&helper_of_objects>(), GuardOutcome::kException);
}

TEST_F(PythonCall, of_a_helper_that_releases_an_object_is_left_alone) {
  execute({kCall});
  help_with(&helper_that_releases, false);
  EXPECT_EQ(outcome<&helper_that_releases>(), GuardOutcome::kNoObject);
}

TEST_F(PythonCall, of_a_helper_is_not_cut_off_with_it) {
  execute({kCall});
  help_with(&helper_that_is_interrupted, false);
  EXPECT_EQ(outcome<&helper_that_is_interrupted>(), GuardOutcome::kNoObject);
}

TEST_F(PythonCall, into_delicate_code_is_left_alone) {
  execute({kCall});
  const Text c_code_text{function(&c_code), function(&c_code) + 512};
  fault_.delicate.allocators[0] = c_code_text.begin;
  fault_.delicate.allocator_count = 1;
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kInAllocator);
  fault_.delicate = {};
  fault_.delicate.collectors[0] = c_code_text.begin;
  fault_.delicate.collector_count = 1;
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kInCollector);
  fault_.delicate = {};
  fault_.delicate.allocator_module = c_code_text;
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kInAllocator);
  fault_.delicate = {};
  view_.loader = c_code_text;
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kInLoader);
}

TEST_F(PythonCall, in_a_collection_is_left_alone_if_the_collector_is_not_known) {
  execute({kCall});
  python_.put<std::int32_t>(address_of(interpreter_.data()), view_.layout.interpreter.gc_collecting,
                            1);
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kInCollector);
}

TEST_F(PythonCall, is_not_looked_for_in_an_interpreter_that_is_not_known) {
  execute({kCall});
  view_.layout.opcodes = {};
  EXPECT_EQ(outcome<&c_code>(), GuardOutcome::kInterpreter);
}

TEST_F(PythonCall, is_none_if_no_loop_runs_the_frame) {
  execute({kCall});
  const std::uintptr_t other = python_.frame(code_, python_.shim(0));
  fault_.python = &view_;
  view_.interpreter = {1, ~std::uintptr_t{0}};
  view_.module_list = address_of(&_r_debug);
  view_.eval_loop = reinterpret_cast<std::uintptr_t>(&run_loop<&c_code>);
  fault_.thread.frame = other;
  fault_.thread.interpreter = address_of(interpreter_.data());
  run_loop<&c_code>(python_, frame_);
  EXPECT_EQ(fault_.outcome, GuardOutcome::kNoPythonCall);
}

}  // namespace
}  // namespace pyfault::test
