// Finding a frame's caller by scanning the C stack of the only thread of a CPython 3.10. The stack
// is an array of words in this process; the outermost word comes last.
#include "agent/in_signal/caller_on_stack.h"

#include <gtest/gtest.h>
#include <link.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "agent/in_signal/frame_chain.h"
#include "tests/unit/agent/fake_python.h"

namespace pyfault::test {
namespace {

class CallerOnStackTest : public ::testing::Test {
 protected:
  CallerOnStackTest() { python_.set_text(kText); }

  // `words` are listed from the innermost outwards. Returns the thread whose stack they are.
  std::uintptr_t thread_with(std::vector<std::uintptr_t> words) {
    words.insert(words.begin(), kMaxStackBytes / sizeof(std::uintptr_t), 0);
    stack_ = std::move(words);
    const std::uintptr_t end = address_of(stack_.data() + stack_.size());
    const std::uintptr_t thread = python_.only_thread(innermost_, end);
    python_.put(thread, python_.view().layout.thread.next, next_thread_);
    if (has_lost_list_) python_.break_thread_list();
    return thread;
  }
  CallerOnStack find(const std::vector<std::uintptr_t>& words) {
    return caller_on_stack(python_.view(), thread_with(words), outermost_);
  }
  std::uintptr_t caller(const std::vector<std::uintptr_t>& words) { return find(words).frame; }
  bool is_in_doubt(const std::vector<std::uintptr_t>& words) {
    const CallerOnStack found = find(words);
    return found.is_in_doubt && found.frame == 0;
  }
  ChainEnd end_of_chain(const std::vector<std::uintptr_t>& words) {
    FrameChain chain(python_.view(), innermost_, 0, thread_with(words));
    for (RawFrame frame; chain.next(frame);) {
    }
    return chain.end();
  }

  // In this order: call rel32, call *%rax, call *8(%rax), call *disp32(%rip), and bytes that are
  // not a call.
  static constexpr std::array<std::uint8_t, 32> kText = {
      0, 0, 0xe8, 1, 2, 3, 4,    0,    0, 0,    0,    0, 0xff, 0xd0, 0, 0,
      0, 0, 0,    0, 0, 0, 0xff, 0x50, 8, 0xff, 0x15, 1, 2,    3,    4, 0};
  static constexpr std::array<std::uint8_t, 8> kElsewhere = {0, 0, 0xe8, 1, 2, 3, 4, 0};
  std::uintptr_t own_call(std::size_t behind = 7) { return address_of(&kText[behind]); }
  std::uintptr_t foreign_call() { return address_of(&kElsewhere[7]); }
  std::uintptr_t data_behind_call() { return address_of(&data_[7]); }

  static constexpr std::uintptr_t kGarbage = 0x4141414141414140;
  std::vector<std::uintptr_t> stack_;
  std::uintptr_t next_thread_ = 0;
  bool has_lost_list_ = false;
  Guarded guarded_;
  FakePython python_{10};
  std::vector<std::uint8_t> data_{kElsewhere.begin(), kElsewhere.end()};
  std::uintptr_t caller_ = python_.frame_object(0);
  std::uintptr_t outermost_ = python_.frame_object(0);
  std::uintptr_t innermost_ = python_.frame_object(outermost_);
};

TEST_F(CallerOnStackTest, is_the_frame_that_runs_further_out) {
  EXPECT_EQ(caller({innermost_, own_call(), outermost_, own_call(), caller_, 1, 2}), caller_);
}

TEST_F(CallerOnStackTest, is_the_nearest_one) {
  const std::uintptr_t further = python_.frame_object(0);
  EXPECT_EQ(caller({outermost_, own_call(), caller_, own_call(), further}), caller_);
}

TEST_F(CallerOnStackTest, is_known_by_every_form_of_a_call) {
  for (const std::size_t behind : {7u, 14u, 25u, 31u}) {
    EXPECT_EQ(caller({outermost_, own_call(behind), caller_}), caller_) << behind;
  }
  EXPECT_EQ(caller({outermost_, own_call(18), caller_}), 0u);
}

TEST_F(CallerOnStackTest, is_none_of_the_outermost_frame) {
  EXPECT_EQ(caller({innermost_, own_call(), outermost_, own_call(), 1, 2}), 0u);
}

TEST_F(CallerOnStackTest, is_none_where_another_library_stands_between) {
  EXPECT_EQ(caller({outermost_, own_call(), foreign_call(), own_call(), caller_}), 0u);
}

// Code of this test, which has called.
[[gnu::noinline]] std::uintptr_t return_address() {
  return address_of(__builtin_return_address(0));
}

TEST_F(CallerOnStackTest, is_none_where_a_loaded_module_stands_between) {
  python_.set_modules({}, address_of(&_r_debug));
  EXPECT_EQ(caller({outermost_, own_call(), return_address(), caller_}), 0u);
}

TEST_F(CallerOnStackTest, is_found_across_data_that_looks_like_a_call) {
  python_.set_modules({}, address_of(&_r_debug));
  EXPECT_EQ(caller({outermost_, own_call(), data_behind_call(), caller_}), caller_);
}

TEST_F(CallerOnStackTest, is_no_frame_that_has_returned) {
  const std::uintptr_t returned = python_.frame_object(0, false);
  EXPECT_EQ(caller({outermost_, own_call(), returned}), 0u);
}

TEST_F(CallerOnStackTest, is_no_frame_that_a_threads_chain_leads_to) {
  EXPECT_EQ(caller({outermost_, own_call(), innermost_}), 0u);
}

TEST_F(CallerOnStackTest, is_in_doubt_where_the_list_of_threads_is_lost) {
  has_lost_list_ = true;
  EXPECT_TRUE(is_in_doubt({outermost_, own_call(), caller_}));
  EXPECT_FALSE(is_in_doubt({outermost_, own_call(), 1}));
}

TEST_F(CallerOnStackTest, is_in_doubt_where_the_list_of_threads_breaks_off) {
  next_thread_ = kGarbage;
  EXPECT_TRUE(is_in_doubt({outermost_, own_call(), caller_}));
}

TEST_F(CallerOnStackTest, is_in_doubt_where_the_chain_of_another_thread_breaks_off) {
  next_thread_ = python_.only_thread(python_.frame_object(0), 0);
  EXPECT_EQ(caller({outermost_, own_call(), caller_}), caller_);
  next_thread_ = python_.only_thread(python_.frame_object(kGarbage), 0);
  EXPECT_TRUE(is_in_doubt({outermost_, own_call(), caller_}));
}

TEST_F(CallerOnStackTest, in_doubt_is_no_end_of_the_chain) {
  EXPECT_EQ(end_of_chain({outermost_, own_call(), 1}), ChainEnd::kEnd);
  has_lost_list_ = true;
  EXPECT_EQ(end_of_chain({outermost_, own_call(), 1}), ChainEnd::kEnd);
  EXPECT_EQ(end_of_chain({outermost_, own_call(), caller_}), ChainEnd::kUnreadable);
}

TEST_F(CallerOnStackTest, is_not_looked_for_on_another_stack) {
  EXPECT_EQ(caller({own_call(), caller_}), 0u);
}

TEST_F(CallerOnStackTest, is_none_without_a_stack) {
  EXPECT_EQ(caller_on_stack(python_.view(), 0, outermost_).frame, 0u);
}

}  // namespace
}  // namespace pyfault::test
