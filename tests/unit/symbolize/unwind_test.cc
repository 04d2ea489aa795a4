// Stacks of programs that have really died, unwound and symbolized by the real symbolizer.
#include <elf.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "tests/unit/symbolize/dead_subject.h"

namespace pyfault::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

// The frames from the subject's run() on are the same in every test.
struct UnwindTest : testing::Test {
  const UnwoundStack& unwind(const std::string& how) {
    subject.emplace(how);
    return symbolize_again();
  }
  const UnwoundStack& symbolize_again() {
    symbols = symbolize(subject->request());
    EXPECT_EQ(symbols.trouble, "");
    return stack();
  }
  const UnwoundStack& stack() const { return symbols.stacks.at(0); }

  // Without those of main() and what called it.
  std::vector<std::string> names() const {
    auto names = names_in(stack());
    names.erase(std::ranges::find(names, "main"), names.end());
    return names;
  }
  bool reaches_main() const {
    const auto names = names_in(stack());
    return std::ranges::find(names, "main") != names.end() && names.back() == "_start";
  }

  const NativeFrame& function(std::string_view name) const {
    for (const UnwoundFrame& frame : stack().frames) {
      for (const NativeFrame& function : frame.functions) {
        if (function.function.substr(0, function.function.find('(')) == name) return function;
      }
    }
    throw std::runtime_error("no frame of " + std::string(name));
  }

  // The word of the captured stack at this address.
  void* word_at(std::uint64_t address) {
    StackChunk& chunk = subject->stack.chunks.at(0);
    return &chunk.bytes.at(address - chunk.address);
  }
  void write_word(std::uint64_t address, std::uint64_t word) {
    std::memcpy(word_at(address), &word, sizeof word);
  }

  std::optional<DeadSubject> subject;
  Symbols symbols;
};

TEST_F(UnwindTest, every_frame_down_to_start_with_inlined_functions) {
  EXPECT_TRUE(unwind("null").complete);
  EXPECT_EQ(stack().incomplete_reason, "");
  EXPECT_THAT(names(),
              ElementsAre("in subject::dereference", "subject::null_leaf", "subject::run"));
  EXPECT_TRUE(reaches_main());
}

TEST_F(UnwindTest, offset_is_from_where_the_function_begins) {
  unwind("null");
  std::ifstream program(PYFAULT_STACK_SUBJECT, std::ios::binary);
  Elf64_Ehdr head{};
  program.read(reinterpret_cast<char*>(&head), sizeof head);
  const NativeFrame& start = function("_start");
  EXPECT_EQ(*start.offset - *start.function_offset, head.e_entry);
  EXPECT_EQ(stack().frames.back().code_begin, start.address - *start.function_offset);
}

TEST_F(UnwindTest, source_files_and_lines) {
  unwind("null");
  EXPECT_EQ(function("subject::dereference").line, line_of("null"));
  EXPECT_EQ(function("subject::null_leaf").line, line_of("null leaf"));
  EXPECT_EQ(function("main").line, line_of("main"));
  EXPECT_THAT(function("main").file, EndsWith("/stack_subject.cc"));
}

TEST_F(UnwindTest, functions_that_were_inlined_into_a_lambda) {
  unwind("lambda");
  EXPECT_THAT(names(), ElementsAre("in subject::dereference", StartsWith("in "),
                                   "subject::call_lambda", "subject::call_lambda", "subject::run"));
  EXPECT_EQ(function("subject::dereference").line, line_of("null"));
  EXPECT_EQ(stack().frames.at(0).functions.at(1).line, line_of("lambda"));
}

TEST_F(UnwindTest, module_offset_and_build_id) {
  unwind("null");
  const NativeFrame& main = function("main");
  EXPECT_EQ(main.module, DeadSubject::path());
  EXPECT_NE(main.build_id, "");
  const auto module = std::ranges::find(symbols.modules, main.module, &Module::path);
  ASSERT_NE(module, symbols.modules.end());
  EXPECT_EQ(module->build_id, main.build_id);
  EXPECT_EQ(main.address - module->start, main.offset);
  EXPECT_LT(main.address, module->end);
  EXPECT_FALSE(module->deleted);
}

TEST_F(UnwindTest, frames_follow_each_other_without_a_gap) {
  unwind("null");
  for (std::size_t index = 0; index + 1 < stack().frames.size(); ++index) {
    EXPECT_EQ(stack().frames[index].cfa, stack().frames[index + 1].stack_pointer);
  }
  EXPECT_EQ(stack().frames.back().cfa, 0);
}

TEST_F(UnwindTest, registers_lead_to_the_first_frame_and_unwind_information_to_the_others) {
  unwind("null");
  for (const UnwoundFrame& frame : stack().frames) {
    const bool is_first = &frame == &stack().frames.front();
    EXPECT_EQ(frame.functions.front().trust, is_first ? Trust::kContext : Trust::kCfi);
  }
}

TEST_F(UnwindTest, thread_ends_where_it_was_created) {
  subject.emplace("null", true);
  EXPECT_TRUE(symbolize_again().complete);
  EXPECT_THAT(names_in(stack()), Contains("subject::run_thread"));
}

TEST_F(UnwindTest, call_of_nothing_has_a_caller) {
  for (const char* how : {"call null", "wild call"}) {
    EXPECT_TRUE(unwind(how).complete);
    EXPECT_EQ(stack().frames.at(0).functions.at(0).address, subject->program_counter());
    EXPECT_EQ(stack().frames.at(0).functions.at(0).module, "");
    EXPECT_EQ(function("subject::call_nowhere").trust, Trust::kTopOfStack);
    EXPECT_EQ(function("subject::call_nowhere").line, line_of("call nowhere"));
    EXPECT_TRUE(reaches_main());
  }
}

TEST_F(UnwindTest, frames_above_a_smashed_return_address_are_found_by_a_search) {
  EXPECT_FALSE(unwind("smashed").complete);
  EXPECT_THAT(names(), ElementsAre("subject::smash_return_address", "subject::run"));
  EXPECT_EQ(function("subject::run").trust, Trust::kScan);
  EXPECT_EQ(stack().frames.at(0).cfa, 0);
  EXPECT_TRUE(reaches_main());
  EXPECT_EQ(
      stack().incomplete_reason,
      "a part was found by searching the stack: frames may be missing below it, and its first "
      "ones may be of calls that had ended");
}

TEST_F(UnwindTest, nothing_is_invented_when_all_is_overwritten) {
  EXPECT_FALSE(unwind("all smashed").complete);
  EXPECT_THAT(names_in(stack()), ElementsAre("subject::smash_return_address"));
  EXPECT_EQ(stack().incomplete_reason, "the stack above is overwritten");
}

TEST_F(UnwindTest, return_address_that_was_zeroed_is_not_the_end_of_the_stack) {
  unwind("null");
  write_word(stack().frames.at(0).stack_pointer, 0);
  EXPECT_FALSE(symbolize_again().complete);
  EXPECT_TRUE(reaches_main());
}

TEST_F(UnwindTest, address_of_code_that_no_call_has_left_is_not_a_return_address) {
  unwind("null");
  const std::uint64_t slot = stack().frames.at(0).cfa - sizeof(std::uint64_t);
  write_word(slot, function("subject::run").address - 1);
  EXPECT_FALSE(symbolize_again().complete);
  EXPECT_THAT(names(), ElementsAre("in subject::dereference", "subject::null_leaf"));
  EXPECT_EQ(function("main").trust, Trust::kScan);
}

// The words of the search are those of a function that has returned. Only the anchor of a frame in
// its place shows that.
TEST_F(UnwindTest, stale_return_address_is_not_taken_where_the_interpreter_is) {
  unwind("handler");
  const std::uint64_t raise = function("raise").address - symbols.modules.back().start;
  ASSERT_THAT(symbols.modules.back().path, EndsWith("libc.so.6"));

  unwind("smashed");
  const std::uint64_t run = stack().frames.at(1).stack_pointer;
  write_word(run - 3 * sizeof run, symbols.modules.back().start + raise);
  symbolize_again();
  EXPECT_THAT(names(), Contains("raise"));

  const std::uint64_t main = stack().frames.at(3).stack_pointer;
  subject->stack.anchors = {{0, 0, run - 2 * sizeof run}, {1, 0, main}};
  symbolize_again();
  EXPECT_THAT(names(), ElementsAre("subject::smash_return_address", "subject::run"));
}

// The anchors say that the first frame and that of main() are calls of one function.
TEST_F(UnwindTest, search_takes_no_frame_of_another_function_for_one_of_the_interpreter) {
  unwind("lambda");
  const std::uint64_t first = stack().frames.at(0).stack_pointer;
  const std::uint64_t main = stack().frames.at(3).stack_pointer;
  write_word(stack().frames.at(1).cfa - sizeof first, 0);
  symbolize_again();
  EXPECT_EQ(function("main").trust, Trust::kScan);

  subject->stack.anchors = {{0, 0, first}, {1, 0, main}};
  symbolize_again();
  EXPECT_THAT(names_in(stack()), Not(Contains("main")));
}

TEST_F(UnwindTest, both_ends_of_a_stack_that_has_overflown) {
  EXPECT_FALSE(unwind("overflow").complete);
  EXPECT_EQ(stack().incomplete_reason, "the middle of the stack was not captured");
  EXPECT_EQ(stack().frames.at(1).functions.at(0).line, line_of("recursion"));
  EXPECT_TRUE(reaches_main());
  const auto gap = std::ranges::find_if(stack().frames, &UnwoundFrame::after_gap);
  ASSERT_NE(gap, stack().frames.end());
  EXPECT_EQ(gap->functions.back().trust, Trust::kScan);
  EXPECT_GT(gap - stack().frames.begin(), 1000);
  EXPECT_LE(stack().frames.size(), 4096);
}

TEST_F(UnwindTest, end_of_what_was_captured_is_not_the_end_of_the_stack) {
  unwind("overflow");
  subject->stack.chunks.pop_back();
  EXPECT_FALSE(symbolize_again().complete);
  EXPECT_EQ(stack().incomplete_reason, "the rest of the stack was not captured");
}

TEST_F(UnwindTest, stack_that_ends_anywhere_has_the_frames_up_to_there) {
  unwind("null");
  const std::vector<std::string> all = names_in(stack());
  std::vector<CapturedStack> cut(subject->stack.chunks.at(0).bytes.size() / 8);
  SymbolizeRequest request = subject->request();
  request.stacks.clear();
  for (CapturedStack& stack : cut) {
    const StackChunk& chunk = subject->stack.chunks[0];
    const auto size = (&stack - cut.data() + 1) * 8;
    stack.registers = subject->stack.registers;
    stack.chunks.push_back({chunk.address, {chunk.bytes.begin(), chunk.bytes.begin() + size}});
    request.stacks.push_back({&stack});
  }
  symbols = symbolize(request);
  for (const UnwoundStack& stack : symbols.stacks) {
    const auto names = names_in(stack);
    ASSERT_LE(names.size(), all.size());
    EXPECT_TRUE(std::equal(names.begin(), names.end(), all.begin()));
    EXPECT_EQ(stack.complete, names.size() == all.size());
    EXPECT_NE(stack.incomplete_reason, "the stack above is overwritten");
  }
}

TEST_F(UnwindTest, more_frames_than_are_kept) {
  const auto& frames = unwind("overflow").frames;
  const std::uint64_t size_of_frame = frames.at(2).stack_pointer - frames.at(1).stack_pointer;
  subject->stack.chunks.pop_back();
  // The recursion, continued: its frames look all the same.
  std::vector<std::byte>& bytes = subject->stack.chunks.front().bytes;
  const auto more = static_cast<std::ptrdiff_t>(1000 * size_of_frame);
  for (int times = 0; times < 4; ++times) {
    const std::vector<std::byte> continued(bytes.end() - more, bytes.end());
    bytes.insert(bytes.end(), continued.begin(), continued.end());
  }
  symbolize_again();
  EXPECT_EQ(stack().frames.size(), 4096);
  EXPECT_EQ(stack().incomplete_reason, "there are too many frames");
}

TEST_F(UnwindTest, kernel_code_in_the_process_is_a_module) {
  EXPECT_TRUE(unwind("vdso").complete);
  EXPECT_EQ(names().front(), "__vdso_clock_gettime");
  EXPECT_EQ(stack().frames.at(0).functions.at(0).module, "[vdso]");
}

TEST_F(UnwindTest, signal_handler_lies_above_what_it_interrupted) {
  EXPECT_TRUE(unwind("handler").complete);
  const auto signal = std::ranges::find_if(stack().frames, [](const UnwoundFrame& frame) {
    return frame.functions.back().signal_frame;
  });
  ASSERT_NE(signal, stack().frames.end());
  EXPECT_EQ(function("subject::crash_in_handler").line, line_of("in handler"));
  EXPECT_THAT(names(), IsSupersetOf({"subject::crash_in_handler", "subject::interrupted"}));
}

TEST_F(UnwindTest, through_a_perf_trampoline) {
  EXPECT_TRUE(unwind("trampoline").complete);
  EXPECT_THAT(names(),
              ElementsAre("in subject::dereference", "subject::null_leaf", "subject::crash_below",
                          "?", "subject::through_trampoline", "subject::run"));
  EXPECT_EQ(function("subject::through_trampoline").trust, Trust::kTrampoline);
}

TEST_F(UnwindTest, trampoline_is_only_below_the_interpreter) {
  unwind("trampoline");
  subject->stack.anchors = {{0, 0, stack().frames.back().stack_pointer}};
  symbolize_again();
  EXPECT_NE(function("subject::run").trust, Trust::kTrampoline);
  for (const UnwoundFrame& frame : stack().frames) {
    EXPECT_NE(frame.functions.back().trust, Trust::kTrampoline);
  }
}

TEST_F(UnwindTest, code_that_was_made_at_run_time_has_a_frame_pointer) {
  EXPECT_TRUE(unwind("compiled").complete);
  EXPECT_EQ(function("subject::through_compiled_code").trust, Trust::kFramePointer);
  EXPECT_TRUE(reaches_main());
}

TEST_F(UnwindTest, code_without_unwind_information_has_a_frame_pointer) {
  EXPECT_TRUE(unwind("frame pointer").complete);
  EXPECT_THAT(names(), Contains("without_unwind_information"));
  EXPECT_EQ(function("subject::run").trust, Trust::kFramePointer);
}

TEST_F(UnwindTest, thread_of_which_two_registers_are_known) {
  subject.emplace("null");
  SymbolizeRequest request = subject->request();
  request.stacks.front().is_partial = true;
  symbols = symbolize(request);
  EXPECT_TRUE(stack().complete);
  EXPECT_TRUE(reaches_main());
}

TEST_F(UnwindTest, each_stack_has_its_answer) {
  const DeadSubject other("call null");
  subject.emplace("null");
  SymbolizeRequest request = subject->request();
  // The map is that of one process, and the other stack is not from there.
  request.stacks.push_back({&other.stack});
  request.stacks.push_back({&subject->stack});
  symbols = symbolize(request);
  ASSERT_EQ(symbols.stacks.size(), 3);
  EXPECT_TRUE(symbols.stacks[0].complete);
  EXPECT_FALSE(symbols.stacks[1].complete);
  EXPECT_EQ(names_in(symbols.stacks[2]), names_in(symbols.stacks[0]));
}

TEST_F(UnwindTest, as_many_deep_stacks_as_are_asked_for_fit_into_an_answer) {
  subject.emplace("overflow");
  SymbolizeRequest request = subject->request();
  request.stacks.resize(1 + kMaxOtherStacks, {&subject->stack});
  symbols = symbolize(request);
  EXPECT_EQ(symbols.trouble, "");
  EXPECT_THAT(symbols.stacks, testing::Each(testing::Field(&UnwoundStack::frames,
                                                           testing::SizeIs(testing::Gt(100U)))));
  EXPECT_THAT(names_in(symbols.stacks.back()), Contains("subject::recurse"));
}

TEST_F(UnwindTest, frames_of_a_file_that_cannot_be_opened_have_module_and_offset) {
  subject.emplace("null");
  const Mapping& mapping = *subject->map.find(subject->program_counter());
  SymbolizeRequest request = subject->request();
  request.modules.clear();
  symbols = symbolize(request);
  const NativeFrame& first = stack().frames.at(0).functions.at(0);
  EXPECT_EQ(first.module, DeadSubject::path());
  EXPECT_EQ(first.offset, first.address - mapping.start + mapping.offset);
  EXPECT_EQ(first.function, "");
  EXPECT_EQ(first.build_id, "");
  EXPECT_EQ(stack().incomplete_reason, "nothing tells how to unwind the last frame");
}

TEST_F(UnwindTest, without_a_map_the_registers_remain) {
  subject.emplace("null");
  SymbolizeRequest request = subject->request();
  request.map = MemoryMap();
  symbols = symbolize(request);
  EXPECT_EQ(symbols.trouble, "the memory map is not known");
  ASSERT_EQ(stack().frames.size(), 1);
  EXPECT_EQ(stack().frames[0].functions.at(0).address, subject->program_counter());
  EXPECT_THAT(symbols.modules, IsEmpty());
}

}  // namespace
}  // namespace pyfault::test
