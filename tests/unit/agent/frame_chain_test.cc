#include "agent/in_signal/frame_chain.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/agent/fake_python.h"

namespace pyfault::test {
namespace {

class Chain : public ::testing::Test {
 protected:
  // frames_[0] is the innermost frame. The outermost frame was called by a shim.
  void make_chain(std::size_t length) {
    const std::uintptr_t code = python_.code("f");
    frames_.assign(length, 0);
    std::uintptr_t previous = python_.shim(0);
    for (std::size_t left = length; left > 0; --left) {
      previous = frames_[left - 1] = python_.frame(code, previous);
    }
  }
  void lead_back(std::size_t to) { python_.set_previous(frames_.back(), frames_[to]); }

  std::size_t walk() {
    FrameChain chain(python_.view(), frames_.front(), 0);
    RawFrame frame;
    std::size_t steps = 0;
    while (chain.next(frame)) ++steps;
    end_ = chain.end();
    broken_at_ = chain.broken_at();
    return steps;
  }

  Guarded guarded_;
  FakePython python_;
  std::vector<std::uintptr_t> frames_;
  ChainEnd end_ = ChainEnd::kEnd;
  std::uintptr_t broken_at_ = 0;
};

TEST_F(Chain, is_followed_to_its_end) {
  make_chain(300);
  EXPECT_EQ(walk(), 301u);
  EXPECT_EQ(end_, ChainEnd::kEnd);
}

TEST_F(Chain, breaks_at_an_unreadable_link) {
  make_chain(3);
  python_.set_previous(frames_[1], 0x4141414141414140);
  EXPECT_EQ(walk(), 2u);
  EXPECT_EQ(end_, ChainEnd::kUnreadable);
  EXPECT_EQ(broken_at_, 0x4141414141414140u);
}

TEST_F(Chain, breaks_at_a_misaligned_link) {
  make_chain(2);
  python_.set_previous(frames_[0], frames_[1] + 1);
  EXPECT_EQ(walk(), 1u);
  EXPECT_EQ(end_, ChainEnd::kUnreadable);
}

TEST_F(Chain, breaks_where_it_ends_without_a_shim) {
  make_chain(3);
  python_.set_previous(frames_[1], 0);
  EXPECT_EQ(walk(), 2u);
  EXPECT_EQ(end_, ChainEnd::kUnreadable);
}

TEST_F(Chain, believes_no_owner_that_c_python_does_not_know) {
  make_chain(2);
  python_.put<std::uint8_t>(frames_[0], python_.view().layout.frame.owner, 0xdd);
  FrameChain chain(python_.view(), frames_[0], 0);
  RawFrame frame;
  ASSERT_TRUE(chain.next(frame));
  EXPECT_FALSE(frame.shim);
}

TEST_F(Chain, notices_a_frame_that_is_its_own_caller) {
  make_chain(1);
  lead_back(0);
  walk();
  EXPECT_EQ(end_, ChainEnd::kCycle);
}

TEST_F(Chain, notices_every_cycle_and_knows_its_distinct_links) {
  for (std::size_t length = 1; length <= 40; ++length) {
    for (std::size_t to = 0; to < length; ++to) {
      make_chain(length);
      lead_back(to);
      ASSERT_LT(walk(), 4 * length + 4) << length << " back to " << to;
      ASSERT_EQ(end_, ChainEnd::kCycle);
      ASSERT_EQ(distinct_links(python_.view(), frames_.front()), length) << "back to " << to;
    }
  }
}

TEST_F(Chain, stops_at_its_limit) {
  make_chain(kMaxWalk + 10);
  EXPECT_EQ(walk(), kMaxWalk);
  EXPECT_EQ(end_, ChainEnd::kTooLong);
}

TEST_F(Chain, tells_shims_from_frames) {
  const std::uintptr_t shim = python_.shim(0);
  FrameChain chain(python_.view(), shim, 0);
  RawFrame frame;
  ASSERT_TRUE(chain.next(frame));
  EXPECT_TRUE(frame.shim);
}

TEST_F(Chain, takes_the_tag_off_a_code_pointer) {
  const std::uintptr_t code = python_.code("f");
  const std::uintptr_t tagged = python_.frame(code, 0);
  python_.put(tagged, python_.view().layout.frame.code, code | 1);
  FrameChain chain(python_.view(), tagged, 0);
  RawFrame frame;
  ASSERT_TRUE(chain.next(frame));
  EXPECT_EQ(frame.code, code);
}

// The frames of a thread on its data stack, each of them called from C. Between a frame and its
// caller there is a shim on the C stack, which the tests can overwrite.
class OverDataStack : public ::testing::Test {
 protected:
  void make(const std::vector<unsigned>& chunks) {
    thread_ = python_.thread(code_, chunks);
    shims_.clear();
    std::uintptr_t caller = 0;
    for (const std::uintptr_t frame : thread_.frames) {
      shims_.push_back(python_.shim(caller));
      python_.set_previous(frame, shims_.back());
      caller = frame;
    }
  }
  void overwrite_shim(std::size_t below) {
    python_.set_previous(shims_[below], kGarbage);
    python_.put(shims_[below], python_.view().layout.frame.code, kGarbage);
    python_.put<std::uint8_t>(shims_[below], python_.view().layout.frame.owner, 0x41);
  }
  // Returns the frames that are not shims, innermost first.
  std::vector<std::uintptr_t> walk(std::uintptr_t innermost = 0) {
    FrameChain chain(python_.view(), innermost != 0 ? innermost : thread_.frames.back(), 0,
                     thread_.address);
    std::vector<std::uintptr_t> seen;
    gaps_ = 0;
    for (RawFrame frame; chain.next(frame);) {
      gaps_ += frame.after_gap ? 1 : 0;
      if (!frame.shim) seen.push_back(frame.address);
    }
    end_ = chain.end();
    return seen;
  }
  std::vector<std::uintptr_t> all() const {
    return {thread_.frames.rbegin(), thread_.frames.rend()};
  }

  static constexpr std::uintptr_t kGarbage = 0x4141414141414140;
  Guarded guarded_;
  FakePython python_;
  std::uintptr_t code_ = python_.code("f");
  FakePython::Thread thread_{};
  std::vector<std::uintptr_t> shims_;  // shims_[i] was called by frame i - 1 and calls frame i
  int gaps_ = 0;
  ChainEnd end_ = ChainEnd::kEnd;
};

TEST_F(OverDataStack, a_whole_chain_has_no_gap) {
  make({3, 2});
  EXPECT_EQ(walk(), all());
  EXPECT_EQ(gaps_, 0);
  EXPECT_EQ(end_, ChainEnd::kEnd);
}

TEST_F(OverDataStack, the_frames_behind_an_overwritten_shim_are_found) {
  make({4});
  overwrite_shim(2);
  EXPECT_EQ(walk(), all());
  EXPECT_EQ(gaps_, 1);
  EXPECT_EQ(end_, ChainEnd::kEnd);
}

TEST_F(OverDataStack, they_are_found_in_an_earlier_chunk) {
  make({3, 1, 1});
  for (std::size_t below = 1; below < 5; ++below) overwrite_shim(below);
  EXPECT_EQ(walk(), all());
  EXPECT_EQ(gaps_, 4);
}

TEST_F(OverDataStack, a_zeroed_link_is_no_end_where_there_are_frames_further_out) {
  make({3});
  python_.set_previous(shims_[2], 0);
  EXPECT_EQ(walk(), all());
  EXPECT_EQ(gaps_, 1);
}

// A returning frame is unlinked from the chain before its local variables are released, so it may
// still be on the data stack.
TEST_F(OverDataStack, an_outermost_frame_that_returns_is_no_gap) {
  make({2});
  python_.set_previous(shims_[1], 0);
  EXPECT_EQ(walk(), all());
  EXPECT_EQ(gaps_, 0);
}

TEST_F(OverDataStack, the_innermost_frame_is_found_where_nothing_leads_to_it) {
  make({2});
  EXPECT_EQ(walk(kGarbage), all());
  EXPECT_EQ(gaps_, 1);
}

TEST_F(OverDataStack, what_is_no_frame_is_not_believed) {
  make({4});
  overwrite_shim(3);
  python_.put(thread_.frames[1], python_.view().layout.frame.code, kGarbage);
  EXPECT_EQ(walk(), std::vector{thread_.frames[3]});
  EXPECT_EQ(end_, ChainEnd::kUnreadable);
}

TEST_F(OverDataStack, an_absurd_chunk_ends_the_walk) {
  make({2, 2});
  overwrite_shim(2);
  python_.put<std::uint64_t>(thread_.frames[0] - 32, 16, std::uint64_t{1} << 60);
  EXPECT_EQ(walk().size(), 2u);
  EXPECT_EQ(end_, ChainEnd::kUnreadable);
}

// Frames that were called from C, and a generator that the outer frame has resumed from C, so that
// only shims link to it.
class OverGenerators : public OverDataStack {
 protected:
  OverGenerators() { make({2}); }

  void overwrite_all() {
    overwrite_shim(0);
    overwrite_shim(1);
  }
  void hold(std::uintptr_t frame, const FakePython::Generator& generator, unsigned local = 0) {
    python_.set_local(frame, local, generator.object);
  }

  std::uintptr_t inner() const { return thread_.frames[1]; }
  std::uintptr_t outer() const { return thread_.frames[0]; }
};

TEST_F(OverGenerators, one_that_only_a_shim_led_to_is_found) {
  const auto generator = python_.generator(code_);
  hold(outer(), generator, 3);
  overwrite_all();
  EXPECT_EQ(walk(), (std::vector{inner(), generator.frame, outer()}));
}

TEST_F(OverGenerators, one_that_another_has_resumed_is_found) {
  const auto first = python_.generator(code_);
  const auto second = python_.generator(code_);
  hold(outer(), first);
  hold(first.frame, second);
  overwrite_all();
  EXPECT_EQ(walk(), (std::vector{inner(), second.frame, first.frame, outer()}));
}

TEST_F(OverGenerators, one_that_waits_is_left_out) {
  hold(outer(), python_.generator(code_, false));
  overwrite_all();
  EXPECT_EQ(walk(), all());
}

TEST_F(OverGenerators, one_that_was_passed_is_not_found_again) {
  const auto generator = python_.generator(code_);
  hold(outer(), generator);
  python_.set_previous(generator.frame, shims_[1]);
  overwrite_all();
  EXPECT_EQ(walk(generator.frame), (std::vector{generator.frame, inner(), outer()}));
}

TEST_F(OverGenerators, one_of_two_is_not_guessed) {
  hold(outer(), python_.generator(code_), 0);
  hold(outer(), python_.generator(code_), 1);
  overwrite_all();
  EXPECT_EQ(walk(), all());
}

TEST_F(OverGenerators, what_is_no_generator_is_not_taken_for_one) {
  const auto generator = python_.generator(code_);
  hold(outer(), generator);
  python_.put(generator.object, python_.view().layout.object.type, kGarbage);
  overwrite_all();
  EXPECT_EQ(walk(), all());
}

// Two evaluation loops of CPython 3.11. The outer one runs `bottom_` and `caller_`; the inner one,
// called from C, runs `entry_` and `innermost_`.
class Loops : public ::testing::Test {
 protected:
  ChainEnd end() {
    FrameChain chain(python_.view(), innermost_, inner_);
    for (RawFrame frame; chain.next(frame);) {
    }
    return chain.end();
  }

  Guarded guarded_;
  FakePython python_{11};
  std::uintptr_t code_ = python_.code("f");
  std::uintptr_t bottom_ = python_.entry(code_, 0);
  std::uintptr_t caller_ = python_.frame(code_, bottom_);
  std::uintptr_t entry_ = python_.entry(code_, caller_);
  std::uintptr_t innermost_ = python_.frame(code_, entry_);
  std::uintptr_t root_ = python_.cframe(0, 0);
  std::uintptr_t outer_ = python_.cframe(caller_, root_);
  std::uintptr_t inner_ = python_.cframe(innermost_, outer_);
};

TEST_F(Loops, end_at_a_frame_that_c_called) {
  EXPECT_EQ(end(), ChainEnd::kEnd);
}

TEST_F(Loops, do_not_end_at_a_frame_that_python_called) {
  python_.set_previous(caller_, 0);
  EXPECT_EQ(end(), ChainEnd::kUnreadable);
}

TEST_F(Loops, do_not_end_before_the_outermost_one) {
  python_.set_previous(entry_, 0);
  EXPECT_EQ(end(), ChainEnd::kUnreadable);
}

TEST_F(Loops, miss_no_frame_that_one_of_them_runs) {
  python_.set_previous(entry_, bottom_);
  EXPECT_EQ(end(), ChainEnd::kUnreadable);
}

TEST_F(Loops, without_any_frame_are_healthy) {
  innermost_ = 0;
  inner_ = root_;
  EXPECT_EQ(end(), ChainEnd::kEnd);
}

TEST_F(Loops, whose_stack_is_gone_are_not_awaited) {
  inner_ = python_.cframe(innermost_, 0x4141414141414140);
  EXPECT_EQ(end(), ChainEnd::kEnd);
}

TEST_F(Loops, may_have_an_empty_one_below_them) {
  const std::uintptr_t elsewhere = python_.cframe(bottom_, 0);
  python_.put(root_, python_.view().layout.thread.cframe_previous, elsewhere);
  EXPECT_EQ(end(), ChainEnd::kEnd);
}

// Frames of CPython 3.11 on the data stack, outermost first: the outer loop runs `bottom_` and
// `caller_`; the inner one, called from C, runs `entry_` and `innermost_`.
class LoopsOverDataStack : public ::testing::Test {
 protected:
  explicit LoopsOverDataStack(const std::vector<unsigned>& chunks = {4})
      : thread_(python_.thread(code_, chunks)) {
    for (std::size_t index = 1; index < thread_.frames.size(); ++index) {
      python_.set_previous(thread_.frames[index], thread_.frames[index - 1]);
    }
    for (const std::uintptr_t frame : {bottom_, entry_}) {
      python_.put<std::uint8_t>(frame, python_.view().layout.frame.is_entry, 1);
    }
  }

  std::vector<std::uintptr_t> walk() {
    FrameChain chain(python_.view(), innermost_, inner_, thread_.address);
    std::vector<std::uintptr_t> seen;
    for (RawFrame frame; chain.next(frame);) {
      if (frame.after_gap) seen.push_back(kGap);
      seen.push_back(frame.address);
    }
    end_ = chain.end();
    return seen;
  }

  static constexpr std::uintptr_t kGap = 0;
  Guarded guarded_;
  FakePython python_{11};
  std::uintptr_t code_ = python_.code("f");
  FakePython::Thread thread_;
  std::uintptr_t bottom_ = thread_.frames[0];
  std::uintptr_t caller_ = thread_.frames[1];
  std::uintptr_t entry_ = thread_.frames[2];
  std::uintptr_t innermost_ = thread_.frames[3];
  std::uintptr_t root_ = python_.cframe(0, 0);
  std::uintptr_t outer_ = python_.cframe(caller_, root_);
  std::uintptr_t inner_ = python_.cframe(innermost_, outer_);
  ChainEnd end_ = ChainEnd::kEnd;
};

TEST_F(LoopsOverDataStack, are_followed_where_no_link_leads_past_a_frame) {
  EXPECT_EQ(walk(), (std::vector{innermost_, entry_, caller_, bottom_}));
  EXPECT_EQ(end_, ChainEnd::kEnd);
}

TEST_F(LoopsOverDataStack, show_a_link_that_leads_past_the_frame_of_the_next_one) {
  python_.set_previous(innermost_, bottom_);
  EXPECT_EQ(walk(), (std::vector{innermost_, kGap, entry_, caller_, bottom_}));
}

TEST_F(LoopsOverDataStack, show_a_link_that_leads_to_the_next_one_from_within) {
  python_.set_previous(innermost_, caller_);
  EXPECT_EQ(walk(), (std::vector{innermost_, kGap, entry_, caller_, bottom_}));
}

TEST_F(LoopsOverDataStack, need_no_mark_of_the_frame_that_c_called) {
  python_.put<std::uint8_t>(entry_, python_.view().layout.frame.is_entry, 0);
  EXPECT_EQ(walk(), (std::vector{innermost_, entry_, caller_, bottom_}));
}

TEST_F(LoopsOverDataStack, are_left_where_the_data_stack_is_damaged) {
  python_.set_previous(innermost_, bottom_);
  python_.put(entry_, python_.view().layout.frame.code, std::uintptr_t{0x4141414141414140});
  EXPECT_EQ(walk(), (std::vector{innermost_, bottom_}));
  EXPECT_EQ(end_, ChainEnd::kUnreadable);
}

class LoopsOverTwoChunks : public LoopsOverDataStack {
 protected:
  LoopsOverTwoChunks() : LoopsOverDataStack({1, 3}) {}
};

TEST_F(LoopsOverTwoChunks, show_a_link_that_leads_past_a_frame_into_the_outer_one) {
  python_.set_previous(innermost_, bottom_);
  EXPECT_EQ(walk(), (std::vector{innermost_, kGap, entry_, caller_, bottom_}));
}

}  // namespace
}  // namespace pyfault::test
