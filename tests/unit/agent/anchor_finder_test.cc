// The anchors of a thread's frames, found while its entries are collected.
#include "agent/in_signal/anchor_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "agent/in_signal/frame_collector.h"
#include "tests/unit/agent/fake_python.h"
#include "tests/unit/agent/sections.h"

namespace pyfault::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Found {
  std::uint32_t frame;
  std::uintptr_t address;
  bool operator==(const Found&) const = default;
};

class Anchors : public ::testing::Test {
 protected:
  explicit Anchors(unsigned minor = 12) : python_(minor) {}

  // Adds a frame that is called by the frame, or the shim, that was added last.
  std::uintptr_t call(std::uintptr_t code) { return innermost_ = python_.frame(code, innermost_); }
  // The same, called from C.
  std::uintptr_t shim() { return innermost_ = python_.shim(innermost_); }

  std::vector<Found> find() {
    scratch_->clear();
    slot_ = SlotWriter::claim(ring_.get(), 1);
    Capture capture{python_.view(), slot_, *scratch_};
    AnchorFinder finder(python_.view(), thread_, scratch_->anchors);
    count_ = FrameCollector(capture, &finder).collect(innermost_, thread_.cframe, thread_.address);
    slot_.rewind(0);
    scratch_->anchors.append_to(slot_);
    slot_.commit();
    return written();
  }

  // The position of the entry's first frame, as a reader of the record counts.
  std::uint64_t position_of(std::uint32_t index) const {
    std::uint64_t position = 0;
    for (std::uint32_t each = 0; each < index; ++each) {
      const FrameEntry& entry = scratch_->frames[each];
      position += entry.kind == FrameKind::kCode      ? 1 + entry.value
                  : entry.kind == FrameKind::kOmitted ? entry.value
                                                      : 0;
    }
    return position;
  }

  Guarded guarded_;
  FakePython python_;
  ThreadState thread_;
  std::uintptr_t innermost_ = 0;
  std::uint32_t count_ = 0;    // of entries
  std::uint32_t omitted_ = 0;  // anchors
  std::unique_ptr<CaptureScratch> scratch_ = std::make_unique<CaptureScratch>();

 private:
  std::vector<Found> written() {
    const WrittenSection section = committed_sections(*ring_slot(ring_.get(), slot_index_++))[0];
    const auto head = section.head<AnchorSection>();
    omitted_ = head.omitted;
    const auto bytes = section.rest<AnchorSection>();
    EXPECT_EQ(bytes.size(), head.count * sizeof(Anchor));
    std::vector<Found> anchors;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(Anchor)) {
      Anchor anchor;
      std::memcpy(&anchor, &bytes[at], sizeof anchor);
      anchors.push_back({anchor.frame, anchor.address});
    }
    return anchors;
  }

  std::unique_ptr<void, decltype(&std::free)> ring_{std::calloc(1, kRingSize), &std::free};
  std::uint32_t slot_index_ = 0;
  SlotWriter slot_;
};

TEST_F(Anchors, are_the_shims_and_the_outermost_frames_above_them) {
  const std::uintptr_t outer = shim();
  call(python_.code("main"));
  call(python_.code("f"));
  const std::uintptr_t inner = shim();
  call(python_.code("key"));
  EXPECT_THAT(find(), ElementsAre(Found{0, inner}, Found{2, outer}));
}

TEST_F(Anchors, of_a_loop_that_is_releasing_the_variables_of_its_last_frame_name_none) {
  const std::uintptr_t outer = shim();
  call(python_.code("main"));
  const std::uintptr_t releasing = shim();
  call(python_.code("__del__"));
  const std::uintptr_t inner = shim();
  const std::uintptr_t innermost = shim();
  EXPECT_THAT(find(), ElementsAre(Found{kNoPythonFrame, innermost}, Found{kNoPythonFrame, inner},
                                  Found{0, releasing}, Found{1, outer}));
}

TEST_F(Anchors, count_no_frame_that_is_hidden) {
  const std::uintptr_t trampoline = python_.code("__init__");
  python_.put<std::int64_t>(trampoline, python_.view().layout.object.size, 3);
  python_.put<std::int32_t>(trampoline, python_.view().layout.code.first_traceable, 4);
  const std::uintptr_t outer = shim();
  call(python_.code("main"));
  call(trampoline);
  call(python_.code("__init__"));
  EXPECT_THAT(find(), ElementsAre(Found{1, outer}));
}

TEST_F(Anchors, count_no_frame_that_cannot_be_read) {
  const std::uintptr_t outer = shim();
  call(python_.code("main"));
  call(python_.string("not a code object"));
  EXPECT_THAT(find(), ElementsAre(Found{0, outer}));
}

TEST_F(Anchors, count_folded_frames) {
  const std::uintptr_t code = python_.code("f");
  const std::uintptr_t first = shim();
  call(code);
  const std::uintptr_t second = shim();
  call(code);
  const std::uintptr_t third = shim();
  call(code);
  EXPECT_THAT(find(), ElementsAre(Found{0, third}, Found{1, second}, Found{2, first}));
  EXPECT_EQ(count_, 1u);
}

TEST_F(Anchors, end_at_a_gap) {
  shim();
  call(python_.code("main"));
  const FakePython::Thread thread = python_.thread(python_.code("f"), {2});
  const std::uintptr_t shims[] = {python_.shim(innermost_), python_.shim(thread.frames[0])};
  python_.set_previous(thread.frames[0], shims[0]);
  python_.set_previous(thread.frames[1], 0x4141414141414140);
  thread_.address = thread.address;
  innermost_ = python_.frame(python_.code("inner"), python_.shim(thread.frames[1]));
  const std::vector<Found> found = find();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].frame, 0u);
}

TEST_F(Anchors, keep_both_ends_of_a_deep_stack) {
  const std::uintptr_t code = python_.code("f");
  std::vector<Found> all;
  for (std::uint32_t frame = 1000; frame-- > 0;) {
    all.insert(all.begin(), {frame, shim()});
    call(code);
  }
  const std::vector<Found> found = find();
  ASSERT_EQ(found.size(), kMaxAnchors);
  EXPECT_EQ(omitted_, 1000 - kMaxAnchors);
  for (std::uint32_t index = 0; index < kInnermostAnchors; ++index) {
    EXPECT_EQ(found[index], all[index]) << index;
  }
  for (std::uint32_t index = 1; index <= kOutermostAnchors; ++index) {
    EXPECT_EQ(found[kMaxAnchors - index], all[1000 - index]) << index;
  }
}

// Entries are omitted, and in what is left there are frames that are hidden.
TEST_F(Anchors, count_like_the_entries_of_a_deep_stack) {
  const std::uintptr_t codes[] = {python_.code("a"), python_.code("b")};
  const std::uintptr_t trampoline = python_.code("__init__");
  python_.put<std::int64_t>(trampoline, python_.view().layout.object.size, 3);
  python_.put<std::int32_t>(trampoline, python_.view().layout.code.first_traceable, 4);
  const std::uintptr_t outermost = shim();
  call(python_.code("main"));
  call(python_.code("called_from_main"));
  const std::uintptr_t next = shim();
  call(python_.code("first"));
  for (int depth = 0; depth < 1000; ++depth) {
    if (depth % 3 == 0) call(trampoline);
    call(codes[depth % 2]);
  }
  const std::vector<Found> found = find();
  ASSERT_GT(position_of(count_), 1000u);
  EXPECT_THAT(found,
              ElementsAre(Found{static_cast<std::uint32_t>(position_of(count_)) - 3, next},
                          Found{static_cast<std::uint32_t>(position_of(count_)) - 1, outermost}));
}

// It is hidden, which only shows when the walk is over.
TEST_F(Anchors, of_a_deep_loop_whose_only_frame_is_hidden_name_none) {
  const std::uintptr_t trampoline = python_.code("__init__");
  python_.put<std::int64_t>(trampoline, python_.view().layout.object.size, 3);
  python_.put<std::int32_t>(trampoline, python_.view().layout.code.first_traceable, 4);
  const std::uintptr_t codes[] = {python_.code("a"), python_.code("b")};
  const std::uintptr_t outermost = shim();
  call(python_.code("main"));
  const std::uintptr_t hidden = shim();
  call(trampoline);
  shim();
  for (int depth = 0; depth < 200; ++depth) call(codes[depth % 2]);
  const std::vector<Found> found = find();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[1], (Found{kNoPythonFrame, hidden}));
  EXPECT_EQ(found[2], (Found{200, outermost}));
}

TEST_F(Anchors, of_a_chain_that_is_walked_again_are_those_of_the_last_walk) {
  shim();
  const std::uintptr_t outermost = call(python_.code("outer"));
  const std::uintptr_t inner = shim();
  call(python_.code("inner"));
  python_.set_previous(outermost, innermost_);
  EXPECT_THAT(find(), ElementsAre(Found{0, inner}));
}

// CPython 3.11: loop `outer_` runs `main` and `f`, loop `inner_` runs `key`.
class AnchorsOfCframes : public Anchors {
 protected:
  AnchorsOfCframes() : Anchors(11) {
    innermost_ = python_.entry(python_.code("main"), 0);
    const std::uintptr_t f = call(python_.code("f"));
    innermost_ = python_.entry(python_.code("key"), innermost_);
    outer_ = python_.cframe(f, python_.cframe(0, 0));
    inner_ = python_.cframe(innermost_, outer_);
    thread_.cframe = inner_;
  }

  std::uintptr_t outer_ = 0, inner_ = 0;
};

TEST_F(AnchorsOfCframes, name_the_loops) {
  EXPECT_THAT(find(), ElementsAre(Found{0, inner_}, Found{2, outer_}));
}

TEST_F(AnchorsOfCframes, are_found_where_the_mark_of_the_outermost_frame_was_cleared) {
  python_.put<std::uint8_t>(innermost_, python_.view().layout.frame.is_entry, 0);
  EXPECT_THAT(find(), ElementsAre(Found{0, inner_}, Found{2, outer_}));
}

TEST_F(AnchorsOfCframes, are_certain_only_if_the_loop_runs_the_frame) {
  python_.put(outer_, python_.view().layout.thread.cframe_frame, innermost_);
  EXPECT_THAT(find(), ElementsAre(Found{0, inner_}));
}

TEST_F(AnchorsOfCframes, end_where_a_cframe_cannot_be_read) {
  python_.put<std::uintptr_t>(inner_, python_.view().layout.thread.cframe_previous,
                              0x4141414141414140);
  EXPECT_THAT(find(), ElementsAre(Found{0, inner_}));
}

TEST_F(AnchorsOfCframes, need_a_cframe) {
  thread_.cframe = 0;
  EXPECT_THAT(find(), IsEmpty());
}

// CPython 3.10: three frames, each with a cframe of its own.
class AnchorsOfPairs : public Anchors {
 protected:
  AnchorsOfPairs() : Anchors(10) {
    thread_.address = address_of(thread_state_.data());
    thread_.cframe = root();
    for (const char* name : {"main", "f", "key"}) add_pair(name);
  }

  std::uintptr_t root() const { return thread_.address + python_.view().layout.thread.root_cframe; }
  void add_cframe() {
    cframes_.insert(cframes_.begin(), python_.cframe(0, thread_.cframe));
    thread_.cframe = cframes_.front();
  }
  void add_pair(const char* name) {
    call(python_.code(name));
    add_cframe();
  }

  // CPython does not initialise the outermost cframe.
  std::array<std::uint64_t, 64> thread_state_ = [] {
    std::array<std::uint64_t, 64> garbage{};
    garbage.fill(0x4141414141414140);
    return garbage;
  }();
  std::vector<std::uintptr_t> cframes_;  // innermost first
};

TEST_F(AnchorsOfPairs, pair_each_frame_with_a_cframe) {
  EXPECT_THAT(find(),
              ElementsAre(Found{0, cframes_[0]}, Found{1, cframes_[1]}, Found{2, cframes_[2]}));
}

TEST_F(AnchorsOfPairs, are_uncertain_if_there_are_more_frames) {
  call(python_.code("extra"));
  EXPECT_THAT(find(), IsEmpty());
}

TEST_F(AnchorsOfPairs, are_uncertain_if_there_are_more_cframes) {
  add_cframe();
  add_cframe();
  EXPECT_THAT(find(), IsEmpty());
}

// As greenlet does.
TEST_F(AnchorsOfPairs, may_have_one_cframe_of_a_library_below_them) {
  const std::uintptr_t base = python_.cframe(0, root());
  python_.put(cframes_.back(), python_.view().layout.thread.cframe_previous, base);
  EXPECT_EQ(find().size(), 3u);
}

TEST_F(AnchorsOfPairs, are_uncertain_if_the_frames_break_off) {
  python_.set_previous(innermost_, 0x4141414141414140);
  EXPECT_THAT(find(), IsEmpty());
}

TEST_F(AnchorsOfPairs, are_uncertain_if_the_cframes_break_off) {
  python_.put<std::uintptr_t>(cframes_[1], python_.view().layout.thread.cframe_previous,
                              0x4141414141414140);
  EXPECT_THAT(find(), IsEmpty());
}

class AnchorsBefore310 : public Anchors, public ::testing::WithParamInterface<unsigned> {
 protected:
  AnchorsBefore310() : Anchors(GetParam()) {}
};

TEST_P(AnchorsBefore310, do_not_exist) {
  call(python_.code("main"));
  EXPECT_THAT(find(), IsEmpty());
  EXPECT_EQ(count_, 1u);
}

INSTANTIATE_TEST_SUITE_P(Minor, AnchorsBefore310, ::testing::Values(8, 9));

}  // namespace
}  // namespace pyfault::test
