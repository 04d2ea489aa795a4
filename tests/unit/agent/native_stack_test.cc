// What is copied of a thread's native stack. The stack is memory of this test, whose every word
// holds its own address.
#include "agent/in_signal/native_stack.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "tests/unit/agent/fake_python.h"
#include "tests/unit/agent/sections.h"

namespace pyfault::test {
namespace {

constexpr std::uintptr_t kPage = kPageSize;

// Pages that can be read, between two that cannot.
class Memory {
 public:
  explicit Memory(std::size_t pages) : size_((pages + 2) * kPage) {
    mapping_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (std::uintptr_t word = begin(); word < end(); word += sizeof word) {
      std::memcpy(reinterpret_cast<void*>(word), &word, sizeof word);
    }
    close(begin() - kPage);
    close(end());
  }
  ~Memory() { munmap(mapping_, size_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::uintptr_t begin() const { return address_of(mapping_) + kPage; }
  std::uintptr_t end() const { return address_of(mapping_) + size_ - kPage; }
  void close(std::uintptr_t page) const {
    mprotect(reinterpret_cast<void*>(page), kPage, PROT_NONE);
  }

 private:
  std::size_t size_;
  void* mapping_;
};

// A part of the stack as the record has it.
struct Part {
  std::uintptr_t begin, end, stack_end;
  bool is_true_copy;
};

Part part_of(const WrittenSection& section) {
  const auto head = section.head<StackSection>();
  const auto bytes = section.rest<StackSection>();
  const bool same =
      std::memcmp(bytes.data(), reinterpret_cast<const void*>(head.address), bytes.size()) == 0;
  return {head.address, head.address + bytes.size(), head.stack_end, same};
}

class NativeStack : public ::testing::Test {
 protected:
  // `stack_end`: where the thread's own stack ends.
  void capture(std::uintptr_t stack_pointer, std::uintptr_t stack_end,
               std::uintptr_t program_counter = 0) {
    mcontext_t machine{};
    set_stack_pointer(machine, stack_pointer);
    set_program_counter(machine, program_counter);
    Capture capture{python_.view(), slot_, *scratch_};
    capture_native_stack(capture, registers_of(machine), stack_end);
    EXPECT_FALSE(capture.slot_full);
  }

  std::vector<WrittenSection> written(SectionTag tag) {
    return those_with(tag, committed_sections(*ring_slot(ring_.get(), 0)));
  }
  std::vector<Part> parts() {
    std::vector<Part> parts;
    for (const WrittenSection& section : written(SectionTag::kStack)) {
      parts.push_back(part_of(section));
      EXPECT_TRUE(parts.back().is_true_copy);
    }
    return parts;
  }
  // For a stack that fits into one part.
  Part only_part() {
    const std::vector<Part> all = parts();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Part{} : all.front();
  }
  // Fills the slot with another section, up to this size.
  void leave_room(std::size_t size) {
    const std::size_t taken = slot_.room() - size;
    const SectionHeader header{SectionTag::kCode, kSectionVersion,
                               static_cast<std::uint32_t>(taken)};
    slot_.append(&header, sizeof header);
    slot_.reserve(taken - sizeof header);
    slot_.commit();
  }

  Guarded guarded_;
  FakePython python_;
  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
  std::unique_ptr<CaptureScratch> scratch_ = std::make_unique<CaptureScratch>();
  SlotWriter slot_ = SlotWriter::claim(ring_.get(), 1);
};

TEST_F(NativeStack, begins_with_the_red_zone_and_ends_where_the_stack_does) {
  const Memory memory(4);
  capture(memory.begin() + 1000, memory.end() - 64);
  const Part part = only_part();
  EXPECT_EQ(part.begin, memory.begin() + 1000 - kRedZone);
  EXPECT_EQ(part.end, memory.end() - 64);
  EXPECT_EQ(part.stack_end, part.end);
}

TEST_F(NativeStack, begins_at_a_whole_word_below_a_crooked_stack_pointer) {
  const Memory memory(1);
  capture(memory.begin() + 1003, memory.end());
  EXPECT_EQ(only_part().begin, memory.begin() + 1000 - kRedZone);
}

TEST_F(NativeStack, of_unknown_end_is_copied_up_to_what_cannot_be_read) {
  const Memory memory(4);
  capture(memory.begin() + 1000, 0);
  EXPECT_EQ(only_part().end, memory.end());
  EXPECT_EQ(only_part().stack_end, 0u);
}

TEST_F(NativeStack, has_no_known_end_behind_a_guard_page) {
  const Memory memory(8);
  memory.close(memory.begin() + 3 * kPage);
  capture(memory.begin() + 1000, memory.end());
  EXPECT_EQ(only_part().end, memory.begin() + 3 * kPage);
  EXPECT_EQ(only_part().stack_end, 0u);
}

TEST_F(NativeStack, does_not_end_below_its_stack_pointer) {
  const Memory memory(2);
  capture(memory.begin() + kPage, memory.begin() + 100);
  EXPECT_EQ(only_part().stack_end, 0u);
}

TEST_F(NativeStack, begins_at_the_stack_pointer_where_there_is_no_red_zone) {
  const Memory memory(2);
  capture(memory.begin() + 16, memory.end());
  EXPECT_EQ(only_part().begin, memory.begin());
  EXPECT_EQ(only_part().stack_end, memory.end());
}

// A stack overflow: nothing is mapped where the stack pointer points.
class Overflow : public NativeStack, public ::testing::WithParamInterface<std::uintptr_t> {};

TEST_P(Overflow, is_copied_from_the_first_page_above_the_stack_pointer) {
  const std::uintptr_t pages_below = GetParam();
  const Memory memory(pages_below + 64);
  const std::uintptr_t low_end = memory.begin() + pages_below * kPage;
  mprotect(reinterpret_cast<void*>(memory.begin()), pages_below * kPage, PROT_NONE);
  capture(memory.begin() + 200, memory.end());
  EXPECT_EQ(only_part().begin, low_end);
  EXPECT_EQ(only_part().end, memory.end());
}

INSTANTIATE_TEST_SUITE_P(PagesBelow, Overflow, ::testing::Values(1, 2, 3, 5, 16, 31));

TEST_F(NativeStack, is_not_searched_for_further_up_than_16_mib) {
  constexpr std::size_t kBelow = 4097;
  const Memory memory(2 * kBelow);
  mprotect(reinterpret_cast<void*>(memory.begin()), kBelow * kPage, PROT_NONE);
  capture(memory.begin() + 200, memory.end());
  EXPECT_TRUE(parts().empty());
}

TEST_F(NativeStack, is_missing_where_the_stack_pointer_is_garbage) {
  capture(0x4141414141414141, 0);
  capture(8, 0);
  EXPECT_TRUE(parts().empty());
}

constexpr std::size_t kBothParts = kInnermostStackBytes + kOutermostStackBytes;

TEST_F(NativeStack, of_a_deep_recursion_has_both_ends) {
  const Memory memory(kBothParts / kPage + 100);
  capture(memory.begin() + kRedZone, memory.end());
  const std::vector<Part> both = parts();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].end, memory.begin() + kInnermostStackBytes);
  EXPECT_EQ(both[1].begin, memory.end() - kOutermostStackBytes);
  EXPECT_EQ(both[1].end, memory.end());
  EXPECT_EQ(both[0].stack_end, memory.end());
  EXPECT_EQ(both[1].stack_end, memory.end());
}

TEST_F(NativeStack, has_no_byte_twice) {
  const Memory memory(kInnermostStackBytes / kPage + 1);
  capture(memory.begin() + kRedZone, memory.end());
  const std::vector<Part> both = parts();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[1].begin, both[0].end);
  EXPECT_EQ(both[1].end, memory.end());
}

TEST_F(NativeStack, that_just_fits_has_one_part) {
  const Memory memory(kInnermostStackBytes / kPage);
  capture(memory.begin() + kRedZone, memory.end());
  EXPECT_EQ(only_part().end, memory.end());
}

TEST_F(NativeStack, of_unknown_end_has_no_outermost_part) {
  const Memory memory(kBothParts / kPage);
  capture(memory.begin() + kRedZone, 0);
  EXPECT_EQ(only_part().end, memory.begin() + kInnermostStackBytes);
}

TEST_F(NativeStack, has_no_outermost_part_on_another_stack) {
  const Memory memory(kBothParts / kPage);
  memory.close(memory.end() - 2 * kPage);
  capture(memory.begin() + kRedZone, memory.end());
  EXPECT_EQ(only_part().stack_end, 0u);
}

TEST_F(NativeStack, of_the_initial_thread_ends_where_the_program_has_started) {
  const Memory memory(2);
  python_.only_thread(0, memory.end() - 512);
  capture(memory.begin() + 1000, python_.view().initial_thread);
  EXPECT_EQ(only_part().end, memory.end() - 512);
}

TEST_F(NativeStack, leaves_half_of_the_room_to_the_other_threads) {
  const Memory memory(16);
  leave_room(4 * kPage);
  capture(memory.begin() + kRedZone, memory.end());
  const std::vector<Part> both = parts();
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].end - both[0].begin, 2 * kPage);
  EXPECT_LT(both[1].end - both[1].begin, kPage);
  EXPECT_EQ(both[1].end, memory.end());
}

TEST_F(NativeStack, without_room_is_left_out_and_takes_none) {
  const Memory memory(2);
  leave_room(sizeof(InstructionSection) + 8);
  const std::size_t before = slot_.cursor();
  capture(memory.begin() + 1000, memory.end(), memory.begin() + 1000);
  EXPECT_EQ(slot_.cursor(), before);
}

class MachineCode : public NativeStack {
 protected:
  struct Code {
    std::uintptr_t begin, end;
    bool operator==(const Code&) const = default;
  };
  std::optional<Code> at(std::uintptr_t program_counter) {
    capture(0, 0, program_counter);
    const auto sections = written(SectionTag::kInstruction);
    if (sections.size() != 1) return std::nullopt;
    const auto head = sections[0].head<InstructionSection>();
    EXPECT_EQ(std::memcmp(sections[0].rest<InstructionSection>().data(),
                          reinterpret_cast<const void*>(head.address), head.size),
              0);
    return Code{head.address, head.address + head.size};
  }

  const Memory memory_{2};
  const std::uintptr_t middle_ = memory_.begin() + kPage;  // where the second page begins
};

TEST_F(MachineCode, is_copied_on_both_sides_of_the_program_counter) {
  EXPECT_EQ(at(middle_ - 10), (Code{middle_ - 10 - 48, middle_ - 10 + 48}));
}

TEST_F(MachineCode, ends_with_its_page_if_the_next_one_cannot_be_read) {
  EXPECT_EQ(at(memory_.end() - 5), (Code{memory_.end() - 5 - 48, memory_.end()}));
}

TEST_F(MachineCode, begins_with_its_page_if_the_one_before_cannot_be_read) {
  EXPECT_EQ(at(memory_.begin()), (Code{memory_.begin(), memory_.begin() + 48}));
}

TEST_F(MachineCode, is_missing_where_the_program_has_jumped_to_nowhere) {
  EXPECT_EQ(at(0), std::nullopt);
  EXPECT_EQ(at(memory_.end()), std::nullopt);
  EXPECT_EQ(at(memory_.end() + 1000), std::nullopt);
  EXPECT_EQ(at(0x4141414141414141), std::nullopt);
}

TEST_F(NativeStack, follows_the_anchors_and_the_machine_code) {
  const Memory memory(1);
  scratch_->anchors.add(0, memory.begin() + 64);
  capture(memory.begin() + 1000, memory.end(), memory.begin() + 1000);
  const auto sections = committed_sections(*ring_slot(ring_.get(), 0));
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_EQ(sections[0].tag, SectionTag::kAnchors);
  EXPECT_EQ(sections[1].tag, SectionTag::kInstruction);
  EXPECT_EQ(sections[2].tag, SectionTag::kStack);
}

}  // namespace
}  // namespace pyfault::test
