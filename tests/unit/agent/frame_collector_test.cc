#include "agent/in_signal/frame_collector.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/agent/fake_python.h"

namespace pyfault::test {
namespace {

class Collector : public ::testing::Test {
 protected:
  // Adds a frame for `code`, called by the frame that was added last.
  void call(std::uintptr_t code, unsigned unit = 0) {
    innermost_ = python_.frame(code, innermost_, unit);
  }

  void set_length(std::uintptr_t code, std::int64_t code_units, std::int32_t first_traceable) {
    python_.put(code, python_.view().layout.object.size, code_units);
    python_.put(code, python_.view().layout.code.first_traceable, first_traceable);
  }

  std::uint32_t collect() {
    scratch_->clear();
    slot_ = SlotWriter::claim(ring_.get(), 1);
    Capture capture{python_.view(), slot_, *scratch_};
    const std::uint32_t count = FrameCollector(capture).collect(innermost_, 0, thread_);
    slot_full_ = capture.slot_full;
    return count;
  }
  const FrameEntry& entry(std::uint32_t index) { return scratch_->frames[index]; }

  Guarded guarded_;
  FakePython python_;
  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
  std::unique_ptr<CaptureScratch> scratch_ = std::make_unique<CaptureScratch>();
  SlotWriter slot_;
  std::uintptr_t innermost_ = python_.shim(0);
  std::uintptr_t thread_ = 0;
  bool slot_full_ = false;
};

TEST_F(Collector, gives_each_frame_innermost_first) {
  call(python_.code("outer", 1));
  call(python_.code("inner", 7));
  ASSERT_EQ(collect(), 2u);
  EXPECT_EQ(entry(0).code_index, 0u);
  EXPECT_EQ(entry(1).code_index, 1u);
}

TEST_F(Collector, writes_each_code_object_once) {
  const std::uintptr_t code = python_.code("f");
  call(code, 0);
  call(code, 10);
  call(code, 20);
  ASSERT_EQ(collect(), 3u);
  EXPECT_EQ(scratch_->code_count, 1u);
}

TEST_F(Collector, folds_identical_neighbours) {
  call(python_.code("main"));
  const std::uintptr_t code = python_.code("f");
  for (int depth = 0; depth < 1000; ++depth) call(code);
  ASSERT_EQ(collect(), 2u);
  EXPECT_EQ(entry(0).value, 999u);
}

TEST_F(Collector, folds_neighbours_that_are_all_called_from_c) {
  const std::uintptr_t code = python_.code("f");
  for (int depth = 0; depth < 1000; ++depth) {
    call(code);
    innermost_ = python_.shim(innermost_);
  }
  ASSERT_EQ(collect(), 1u);
  EXPECT_EQ(entry(0).value, 999u);
}

TEST_F(Collector, does_not_fold_frames_of_which_only_one_is_called_from_c) {
  const std::uintptr_t code = python_.code("f");
  call(code);
  call(code);
  EXPECT_EQ(collect(), 2u);
}

TEST_F(Collector, does_not_fold_other_places_in_the_same_function) {
  const std::uintptr_t code = python_.code("f");
  call(code, 0);
  call(code, 1);
  EXPECT_EQ(collect(), 2u);
}

TEST_F(Collector, keeps_both_ends_of_a_deep_stack_and_counts_the_middle) {
  const std::uintptr_t codes[] = {python_.code("a"), python_.code("b")};
  for (int depth = 0; depth < 1000; ++depth) call(codes[depth % 2]);
  ASSERT_EQ(collect(), kInnermostEntries + 1 + kOutermostEntries);
  EXPECT_EQ(entry(kInnermostEntries).kind, FrameKind::kOmitted);
  EXPECT_EQ(entry(kInnermostEntries).value, 1000 - kInnermostEntries - kOutermostEntries);
}

TEST_F(Collector, counts_folded_frames_in_the_omitted_middle) {
  call(python_.code("main"));
  const std::uintptr_t codes[] = {python_.code("a"), python_.code("b")};
  for (int depth = 0; depth < 3000; ++depth) call(codes[depth / 3 % 2]);
  collect();
  EXPECT_EQ(entry(kInnermostEntries).value,
            3001 - 1 - 3 * (kInnermostEntries + kOutermostEntries - 1));
}

// Three frames on a data stack whose links to their callers have been overwritten.
class CollectorOverGaps : public Collector {
 protected:
  CollectorOverGaps() {
    const std::vector<std::uintptr_t> frames = on_stack_.frames;
    for (const std::uintptr_t frame : frames) python_.set_previous(frame, 0x4141414141414140);
    innermost_ = frames.back();
    thread_ = on_stack_.address;
  }

  FakePython::Thread on_stack_ = python_.thread(python_.code("f"), {3});
};

TEST_F(CollectorOverGaps, shows_them) {
  ASSERT_EQ(collect(), 6u);
  EXPECT_EQ(entry(1).kind, FrameKind::kUnreadable);
  EXPECT_EQ(entry(3).kind, FrameKind::kUnreadable);
  EXPECT_EQ(entry(5).kind, FrameKind::kUnreadable);
}

TEST_F(CollectorOverGaps, shows_none_where_no_frame_is_missing) {
  python_.set_recursion(thread_, 3);
  ASSERT_EQ(collect(), 1u);
  EXPECT_EQ(entry(0).value, 2u);
}

TEST_F(CollectorOverGaps, shows_them_where_a_frame_is_missing) {
  python_.set_recursion(thread_, 4);
  EXPECT_EQ(collect(), 6u);
}

TEST_F(Collector, omits_nothing_that_fits) {
  const std::uintptr_t codes[] = {python_.code("a"), python_.code("b")};
  for (std::uint32_t depth = 0; depth < kInnermostEntries + kOutermostEntries; ++depth) {
    call(codes[depth % 2]);
  }
  ASSERT_EQ(collect(), kInnermostEntries + kOutermostEntries);
  EXPECT_EQ(entry(kInnermostEntries).kind, FrameKind::kCode);
}

TEST_F(Collector, writes_a_code_object_again_in_the_next_record) {
  call(python_.code("f"));
  collect();
  ASSERT_EQ(collect(), 1u);
  EXPECT_EQ(scratch_->code_count, 1u);
}

TEST_F(Collector, marks_a_garbage_code_object_and_goes_on) {
  call(python_.code("outer"));
  call(python_.string("not a code object"));
  call(python_.code("inner"));
  ASSERT_EQ(collect(), 3u);
  EXPECT_EQ(entry(1).kind, FrameKind::kUnreadable);
  EXPECT_EQ(entry(2).kind, FrameKind::kCode);
}

TEST_F(Collector, never_folds_into_a_marker) {
  const std::uintptr_t garbage = python_.string("garbage");
  call(garbage);
  call(garbage);
  ASSERT_EQ(collect(), 2u);
  EXPECT_EQ(entry(0).value, garbage);
}

TEST_F(Collector, marks_where_the_chain_broke) {
  innermost_ = 0x1230;
  ASSERT_EQ(collect(), 1u);
  EXPECT_EQ(entry(0).kind, FrameKind::kUnreadable);
  EXPECT_EQ(entry(0).value, 0x1230u);
}

TEST_F(Collector, shows_a_cycle_once) {
  call(python_.code("outer"));
  const std::uintptr_t outer = innermost_;
  call(python_.code("inner"));
  python_.set_previous(outer, innermost_);
  ASSERT_EQ(collect(), 3u);
  EXPECT_EQ(entry(2).kind, FrameKind::kCycle);
}

TEST_F(Collector, skips_shims) {
  call(python_.code("outer"));
  innermost_ = python_.shim(innermost_);
  call(python_.code("inner"));
  EXPECT_EQ(collect(), 2u);
}

TEST_F(Collector, hides_the_interpreters_own_trampolines) {
  const std::uintptr_t trampoline = python_.code("__init__");
  set_length(trampoline, 3, 4);
  call(python_.code("outer"));
  call(trampoline);
  call(python_.code("inner"));
  EXPECT_EQ(collect(), 2u);
}

// The shim of 3.12, as an ordinary frame.
TEST_F(Collector, hides_a_shim_whose_owner_was_overwritten) {
  const std::uintptr_t shim = python_.code("<interpreter trampoline>");
  set_length(shim, 3, 2);
  call(python_.code("outer"));
  call(shim);
  call(python_.code("inner"));
  EXPECT_EQ(collect(), 2u);
}

TEST_F(Collector, shows_a_code_object_whose_length_was_overwritten) {
  for (const std::int64_t length : {std::int64_t{0}, std::int64_t{-0x2222222222222223}}) {
    const std::uintptr_t code = python_.code("f");
    set_length(code, length, 0);
    call(code);
  }
  EXPECT_EQ(collect(), 2u);
}

TEST_F(Collector, shows_a_code_object_whose_first_traceable_instruction_was_overwritten) {
  const std::uintptr_t code = python_.code("f");
  set_length(code, 100, 0x7fffffff);
  call(code);
  EXPECT_EQ(collect(), 1u);
}

TEST_F(Collector, tells_a_frame_that_is_astray_in_its_code) {
  const std::uintptr_t code = python_.code("f");
  call(code, 99);
  call(code, 100);
  call(python_.code("g"), 100);
  ASSERT_EQ(collect(), 3u);
  EXPECT_EQ(entry(0).line, kOutsideCode);
  EXPECT_EQ(entry(1).line, kOutsideCode);
  EXPECT_NE(entry(2).line, kOutsideCode);
}

TEST_F(Collector, survives_an_unreadable_name) {
  const std::uintptr_t code = python_.code("f");
  python_.put<std::uintptr_t>(code, python_.view().layout.code.name, 0xdead0000dead0000);
  call(code);
  ASSERT_EQ(collect(), 1u);
  EXPECT_EQ(entry(0).kind, FrameKind::kCode);
}

// Three pages, the second of which cannot be read.
class Hole {
 public:
  Hole()
      : pages_(static_cast<std::byte*>(
            mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  ~Hole() { munmap(pages_, kSize); }
  Hole(const Hole&) = delete;
  Hole& operator=(const Hole&) = delete;

  // Copies the object and makes the hole.
  std::uintptr_t put(std::uintptr_t object, std::size_t size) {
    std::memcpy(pages_, reinterpret_cast<const void*>(object), size);
    mprotect(pages_ + CliffEdge::kPage, CliffEdge::kPage, PROT_NONE);
    return address_of(pages_);
  }

 private:
  static constexpr std::size_t kSize = 3 * CliffEdge::kPage;
  std::byte* pages_;
};

TEST_F(Collector, marks_a_name_with_a_hole_and_keeps_the_others) {
  Hole hole;
  const std::string longest(2 * CliffEdge::kPage, 'x');
  const std::size_t size = python_.view().layout.string.ascii_data + longest.size() + 1;
  const std::uintptr_t code = python_.code("f");
  python_.put(code, python_.view().layout.code.qualified_name,
              hole.put(python_.string(longest), size));
  call(code);
  ASSERT_EQ(collect(), 1u);
  const std::byte* section = slot_payload(ring_slot(ring_.get(), 0));
  EXPECT_EQ(reinterpret_cast<const CodeSection*>(section)->header.size, 24u + 24u + 16u + 24u);
  EXPECT_EQ(reinterpret_cast<const StringHeader*>(section + 48)->unit_size, 0);
  EXPECT_EQ(reinterpret_cast<const StringHeader*>(section + 64)->units, 1u);
}

TEST_F(Collector, says_when_the_slot_is_full) {
  call(python_.code("f"));
  innermost_ = python_.frame(python_.code("g"), innermost_);
  slot_ = SlotWriter::claim(ring_.get(), 1);
  slot_.reserve(slot_.room() - 16);
  Capture capture{python_.view(), slot_, *scratch_};
  FrameCollector(capture).collect(innermost_);
  EXPECT_TRUE(capture.slot_full);
}

TEST_F(Collector, leaves_an_empty_chain_empty) {
  EXPECT_EQ(collect(), 0u);
}

}  // namespace
}  // namespace pyfault::test
