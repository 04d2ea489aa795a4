#include "watchdog/symbolize/merge.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t k38 = 0x030800f0;
constexpr std::uint32_t k310 = 0x030a00f0;
constexpr std::uint32_t k313 = 0x030d00f0;
constexpr char kEval[] = "_PyEval_EvalFrameDefault";
constexpr std::uint64_t kStack = 0x1000;
constexpr std::uint64_t kFrameBytes = 0x100;
constexpr std::uint64_t kEvalBegin = 0x400000;

// A thread and its native stack, which begins at kStack and whose frames take kFrameBytes each.
class MergeTest : public testing::Test {
 protected:
  // Innermost first, as all here.
  void python(const std::vector<std::string>& functions) {
    for (const std::string& function : functions) thread_.frames.push_back(frame(function));
  }
  void repeated(std::uint64_t repeat) { thread_.frames.back().repeat = repeat; }
  void left_out(std::uint64_t count) {
    Frame omitted;
    omitted.kind = Frame::Kind::kOmitted;
    omitted.omitted = count;
    thread_.frames.push_back(omitted);
  }
  void broken() {
    Frame unreadable;
    unreadable.kind = Frame::Kind::kUnreadable;
    thread_.frames.push_back(unreadable);
  }
  void native(const std::vector<std::string>& functions) {
    for (const std::string& function : functions) {
      UnwoundFrame frame{next_sp_, next_sp_ + kFrameBytes, {NativeFrame()}};
      frame.functions[0].function = function;
      native_.frames.push_back(frame);
      next_sp_ += kFrameBytes;
    }
  }
  void crashed(const std::vector<std::string>& functions, const std::vector<std::string>& calls) {
    thread_.crashed = true;
    python(functions);
    native(calls);
  }
  void gap() {
    next_sp_ += 0x10000;
    after_gap_ = native_.frames.size();
  }
  // The rest of the stack was found by a search, and this much of it lies in between.
  void search(std::uint64_t bytes = 0) {
    native_.complete = false;
    native_.frames.back().cfa = 0;
    next_sp_ += bytes;
    searched_ = native_.frames.size();
  }
  // They are all of the same function, which has no name.
  void stripped_eval(const std::vector<std::size_t>& numbers) {
    for (const std::size_t number : numbers) {
      native_.frames.at(number).code_begin = kEvalBegin;
    }
  }
  // The call in native frame number `native` runs the Python frames up to number `python`.
  void anchor(std::uint32_t python, std::uint64_t native) {
    captured_.anchors.push_back({python, 0, kStack + native * kFrameBytes + 8});
  }

  // The names in the merged stack: Python's in parentheses, "..." for what is omitted.
  std::vector<std::string> merged(std::uint32_t version = k313) {
    if (after_gap_ > 0) native_.frames[after_gap_].after_gap = true;
    if (searched_ > 0) native_.frames[searched_].functions.back().trust = Trust::kScan;
    captured_.chunks.clear();
    captured_.chunks.push_back({kStack, std::vector<std::byte>(next_sp_ - kStack)});
    result_ = merge_stack(thread_, native_, captured_, version);
    std::vector<std::string> names;
    for (const StackEntry& entry : result_.stack) names.push_back(name(entry));
    return names;
  }

  static Frame frame(const std::string& function) {
    Frame frame;
    frame.function = function;
    return frame;
  }
  std::string name(const StackEntry& entry) const {
    if (entry.kind == StackEntry::Kind::kOmitted) return "...";
    if (entry.kind == StackEntry::Kind::kNative) return entry.native.function;
    if (entry.frame == result_.missing_frames_at) return "(?)";
    const bool is_behind_missing = entry.frame > result_.missing_frames_at.value_or(SIZE_MAX);
    const Frame& frame = thread_.frames.at(entry.frame - (is_behind_missing ? 1 : 0));
    return frame.kind == Frame::Kind::kCode ? '(' + frame.function + ')' : "(?)";
  }

  Thread thread_;
  UnwoundStack native_{{}, true, ""};
  CapturedStack captured_;
  ThreadStack result_;
  std::uint64_t next_sp_ = kStack;
  std::size_t after_gap_ = 0;
  std::size_t searched_ = 0;
};

TEST_F(MergeTest, python_frames_stand_inside_the_call_that_runs_them) {
  python({"leaf", "main"});
  native({"crash", "eval", "_start"});
  anchor(1, 1);
  EXPECT_THAT(merged(), ElementsAre("crash", "(leaf)", "(main)", "eval", "_start"));
  EXPECT_EQ(result_.native.merged_by, NativeStack::Merge::kAnchors);
  EXPECT_TRUE(result_.native.complete);
}

TEST_F(MergeTest, each_call_runs_its_own_frames) {
  python({"leaf", "callback", "main"});
  native({"crash", "eval", "call", "eval", "_start"});
  anchor(1, 1);
  anchor(2, 3);
  EXPECT_THAT(merged(), ElementsAre("crash", "(leaf)", "(callback)", "eval", "call", "(main)",
                                    "eval", "_start"));
}

TEST_F(MergeTest, a_thread_that_has_gone_on_is_not_merged) {
  python({"leaf", "main"});
  native({"poll", "eval", "_start"});
  native_.frames[0].functions[0].module = "libc.so.6";
  native_.frames[1].functions[0].module = "python";
  anchor(0, 0);
  anchor(1, 1);
  EXPECT_THAT(merged(), ElementsAre("(leaf)", "(main)", "poll", "eval", "_start"));
  EXPECT_EQ(result_.native.merged_by, NativeStack::Merge::kNone);
  EXPECT_THAT(result_.native.incomplete_reason, HasSubstr("do not fit"));
}

// The evaluation function that runs "callback" is missing.
TEST_F(MergeTest, calls_of_missing_frames_stand_behind_the_last_one_that_is_known) {
  python({"leaf", "callback", "main"});
  native({"crash", kEval, "call"});
  search(kFrameBytes);
  native({kEval, "_start"});
  anchor(0, 1);
  anchor(1, 3);
  anchor(2, 4);
  EXPECT_THAT(merged(), ElementsAre("crash", "(leaf)", kEval, "call", "(callback)", "(main)", kEval,
                                    "_start"));
}

TEST_F(MergeTest, call_of_a_frame_whose_end_is_not_known_is_its_own) {
  for (const char* name : {kEval, ""}) {
    thread_.frames.clear();
    native_.frames.clear();
    captured_.anchors.clear();
    next_sp_ = kStack;
    python({"leaf", "callback", "main"});
    native({name});
    search(kFrameBytes);
    native({kEval});
    for (const std::uint32_t number : {0U, 1U, 2U}) anchor(number, number);
    EXPECT_THAT(merged(), ElementsAre("(leaf)", name, "(callback)", "(main)", kEval));
  }
}

TEST_F(MergeTest, a_nameless_function_far_from_the_evaluation_function_runs_no_python) {
  python({"leaf", "main"});
  native({""});
  search(2 * kFrameBytes);
  native({kEval, "_start"});
  native_.frames[0].functions[0].address = 0x7000000;
  anchor(0, 1);
  anchor(1, 3);
  EXPECT_THAT(merged(), ElementsAre("", "(leaf)", "(main)", kEval, "_start"));
}

TEST_F(MergeTest, where_a_call_has_lost_its_anchor_the_stacks_stand_apart) {
  python({"leaf", "callback", "main"});
  native({"crash", kEval, "call", kEval, kEval, "_start"});
  anchor(0, 1);
  anchor(2, 4);
  EXPECT_THAT(merged(), ElementsAre("(leaf)", "(callback)", "(main)", "crash", kEval, "call", kEval,
                                    kEval, "_start"));
  EXPECT_THAT(result_.native.incomplete_reason, HasSubstr("has no Python frame"));
}

TEST_F(MergeTest, calls_inside_the_innermost_frame_show_that_frames_are_missing) {
  crashed({"main", "<module>"}, {"crash", kEval, "call", kEval, "_start"});
  anchor(1, 3);
  EXPECT_THAT(merged(),
              ElementsAre("(?)", "(main)", "(<module>)", "crash", kEval, "call", kEval, "_start"));
  EXPECT_EQ(result_.missing_frames_at, 0U);
}

TEST_F(MergeTest, calls_between_two_frames_show_that_frames_are_missing) {
  crashed({"leaf", "main"}, {"crash", kEval, kEval, kEval, "_start"});
  anchor(0, 1);
  anchor(1, 3);
  merged();
  EXPECT_EQ(result_.missing_frames_at, 1U);
}

TEST_F(MergeTest, a_call_that_has_only_begun_shows_nothing) {
  crashed({"main"}, {"abort", "_Py_CheckRecursiveCall", kEval, "call", kEval, "_start"});
  anchor(0, 4);
  EXPECT_THAT(merged(), ElementsAre("abort", "_Py_CheckRecursiveCall", kEval, "call", "(main)",
                                    kEval, "_start"));
}

TEST_F(MergeTest, calls_of_a_function_without_a_name_show_it_too) {
  crashed({"main"}, {"crash", "", "", "_start"});
  stripped_eval({1, 2});
  anchor(0, 2);
  EXPECT_THAT(merged(), ElementsAre("(?)", "(main)", "crash", "", "", "_start"));
}

TEST_F(MergeTest, calls_of_another_function_without_a_name_do_not) {
  crashed({"main"}, {"crash", "", "", "_start"});
  stripped_eval({2});
  native_.frames[1].code_begin = kEvalBegin - 0x100;
  anchor(0, 2);
  EXPECT_THAT(merged(), ElementsAre("crash", "", "(main)", "", "_start"));
}

TEST_F(MergeTest, calls_where_the_chain_is_broken_are_not_marked_again) {
  crashed({"leaf"}, {"crash", kEval, kEval, kEval, "_start"});
  broken();
  python({"main"});
  anchor(0, 1);
  anchor(1, 3);
  merged();
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, calls_that_had_ended_do_not_show_that_frames_are_missing) {
  crashed({"main"}, {"crash"});
  search();
  native({kEval, kEval, "_start"});
  anchor(0, 2);
  merged();
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, a_call_that_runs_no_python_frame_takes_none) {
  python({"__del__", "main"});
  native({"crash", kEval, "dealloc", kEval, "map", kEval, "_start"});
  anchor(0, 1);
  anchor(kNoPythonFrame, 3);
  anchor(1, 5);
  EXPECT_THAT(merged(), ElementsAre("crash", "(__del__)", kEval, "dealloc", kEval, "map", "(main)",
                                    kEval, "_start"));
  EXPECT_TRUE(result_.native.complete);
}

TEST_F(MergeTest, calls_of_omitted_frames_have_no_anchors) {
  python({"leaf"});
  left_out(1);
  python({"main"});
  native({"crash", kEval, "call", kEval, kEval, "_start"});
  anchor(0, 1);
  anchor(2, 4);
  merged();
  EXPECT_EQ(result_.native.merged_by, NativeStack::Merge::kAnchors);
}

TEST_F(MergeTest, folded_frames_that_c_calls_lie_between_are_shown_again) {
  python({"recurse"});
  repeated(1);
  python({"main"});
  native({"eval", "call", "eval", "eval"});
  anchor(0, 0);
  anchor(1, 2);
  anchor(2, 3);
  EXPECT_THAT(merged(),
              ElementsAre("(recurse)", "eval", "call", "(recurse)", "eval", "(main)", "eval"));
}

TEST_F(MergeTest, folded_frames_of_one_call_are_shown_once) {
  python({"recurse"});
  repeated(500);
  python({"main"});
  native({"eval"});
  anchor(501, 0);
  EXPECT_THAT(merged(), ElementsAre("(recurse)", "(main)", "eval"));
}

TEST_F(MergeTest, omitted_python_frames_count) {
  python({"inner"});
  left_out(10);
  python({"outer"});
  native({"eval", "eval"});
  anchor(10, 0);
  anchor(11, 1);
  EXPECT_THAT(merged(), ElementsAre("(inner)", "(?)", "eval", "(outer)", "eval"));
}

TEST_F(MergeTest, an_anchor_outside_the_stack_is_none) {
  python({"main"});
  native({"eval"});
  anchor(0, 0);
  anchor(0, 1'000'000);
  EXPECT_THAT(merged(), ElementsAre("(main)", "eval"));
  EXPECT_TRUE(result_.native.complete);
}

TEST_F(MergeTest, anchors_out_of_order_are_none) {
  python({"leaf", "main"});
  native({"eval", "eval"});
  anchor(0, 1);
  anchor(1, 0);
  EXPECT_THAT(merged(), ElementsAre("eval", "(leaf)", "eval", "(main)"));
  EXPECT_FALSE(result_.native.complete);
}

TEST_F(MergeTest, python_frames_beyond_the_end_of_the_native_stack_come_last) {
  python({"leaf", "main"});
  native({"crash", "eval"});
  anchor(0, 1);
  native_.complete = false;
  native_.incomplete_reason = "cut";
  EXPECT_THAT(merged(), ElementsAre("crash", "(leaf)", "eval", "(main)"));
  EXPECT_EQ(result_.native.incomplete_reason,
            "cut; not every Python frame could be placed on the native stack");
}

TEST_F(MergeTest, beyond_a_broken_chain_frames_are_not_counted) {
  python({"leaf"});
  broken();
  python({"main"});
  native({"eval", "eval"});
  anchor(0, 0);
  anchor(1, 1);
  EXPECT_THAT(merged(), ElementsAre("(leaf)", "eval", "eval", "(?)", "(main)"));
}

TEST_F(MergeTest, a_gap_in_the_native_stack_is_shown) {
  python({"leaf", "main"});
  native({"eval", "call"});
  gap();
  native({"_start"});
  anchor(0, 0);
  EXPECT_THAT(merged(), ElementsAre("(leaf)", "eval", "call", "...", "_start", "(main)"));
}

TEST_F(MergeTest, without_an_anchor_on_the_stack_the_stacks_stand_apart) {
  python({"leaf", "main"});
  native({"crash", "_start"});
  EXPECT_THAT(merged(), ElementsAre("(leaf)", "(main)", "crash", "_start"));
  EXPECT_EQ(result_.native.merged_by, NativeStack::Merge::kNone);
  EXPECT_THAT(result_.native.incomplete_reason, HasSubstr("no Python frame could be placed"));
}

TEST_F(MergeTest, a_thread_without_python_frames_has_its_native_ones) {
  native({"crash", "_start"});
  EXPECT_THAT(merged(), ElementsAre("crash", "_start"));
  EXPECT_TRUE(result_.native.complete);
}

TEST_F(MergeTest, where_nothing_could_be_unwound_the_python_frames_stay) {
  python({"main"});
  native_ = {{}, false, "the symbolizer died"};
  EXPECT_THAT(merged(), ElementsAre("(main)"));
  EXPECT_EQ(result_.native.incomplete_reason, "the symbolizer died");
}

TEST_F(MergeTest, old_versions_have_one_frame_for_each_call) {
  python({"leaf", "main"});
  native({"crash", kEval, "call", "_PyEval_EvalFrameDefault.cold.7", "_start"});
  EXPECT_THAT(merged(k38), ElementsAre("crash", "(leaf)", kEval, "call", "(main)",
                                       "_PyEval_EvalFrameDefault.cold.7", "_start"));
  EXPECT_EQ(result_.native.merged_by, NativeStack::Merge::kSymbols);
}

TEST_F(MergeTest, frames_of_310_that_have_no_anchors_are_counted_too) {
  crashed({"leaf", "caller"}, {"crash", kEval, kEval, kEval, "_start"});
  EXPECT_EQ(merged(k310).at(2), "(?)");
  EXPECT_THAT(result_.native.incomplete_reason, HasSubstr("3 calls"));
}

TEST_F(MergeTest, frames_of_310_stand_where_their_anchors_are) {
  python({"leaf", "main"});
  native({"crash", "", "call", "", "_start"});
  anchor(0, 1);
  anchor(1, 3);
  EXPECT_THAT(merged(k310), ElementsAre("crash", "(leaf)", "", "call", "(main)", "", "_start"));
}

TEST_F(MergeTest, a_function_with_a_longer_name_is_another) {
  python({"main"});
  native({"_PyEval_EvalFrameDefaultSafely", kEval});
  EXPECT_THAT(merged(k38), ElementsAre("_PyEval_EvalFrameDefaultSafely", "(main)", kEval));
}

TEST_F(MergeTest, where_the_counts_differ_nothing_is_guessed) {
  python({"main"});
  native({kEval, kEval});
  EXPECT_THAT(merged(k38), ElementsAre("(main)", kEval, kEval));
  EXPECT_EQ(result_.native.incomplete_reason,
            "2 calls of the evaluation function for 1 Python frames");
}

TEST_F(MergeTest, a_chain_of_frames_that_null_ends_too_early_is_marked) {
  crashed({"leaf", "caller"}, {"crash", kEval, kEval, kEval, "_start"});
  EXPECT_EQ(merged(k38).at(2), "(?)");
  EXPECT_EQ(result_.missing_frames_at, 2U);
}

TEST_F(MergeTest, a_call_that_has_no_frame_yet_does_not_mark_the_chain) {
  crashed({"caller", "main"}, {kEval, kEval, kEval, "_start"});
  merged(k38);
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, a_stack_that_was_searched_shows_too_that_a_chain_ends_too_early) {
  crashed({"leaf"}, {"crash"});
  search();
  native({kEval, kEval, kEval, "_start"});
  merged(k38);
  EXPECT_EQ(result_.missing_frames_at, 1U);
}

TEST_F(MergeTest, a_call_that_had_ended_does_not_mark_the_chain) {
  crashed({"main"}, {"crash"});
  search();
  native({kEval, kEval, "_start"});
  merged(k38);
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, the_chain_of_a_thread_that_has_gone_on_is_not_marked) {
  crashed({"main"}, {"poll", kEval, kEval, "_start"});
  thread_.crashed = false;
  merged(k38);
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, an_unreadable_frame_is_a_call_too) {
  broken();
  crashed({"main"}, {"crash", kEval, kEval, "_start"});
  merged(k38);
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, a_broken_chain_is_not_marked_twice) {
  crashed({"leaf"}, {"crash", kEval, kEval, "_start"});
  broken();
  merged(k38);
  EXPECT_EQ(result_.missing_frames_at, std::nullopt);
}

TEST_F(MergeTest, a_stripped_interpreter_of_an_old_version_is_not_merged) {
  python({"main"});
  native({"", ""});
  EXPECT_THAT(merged(k38), ElementsAre("(main)", "", ""));
  EXPECT_EQ(result_.native.merged_by, NativeStack::Merge::kNone);
}

TEST_F(MergeTest, beyond_a_gap_calls_are_counted_from_the_outermost) {
  python({"a", "b", "c", "main"});
  native({kEval});
  gap();
  native({kEval, "_start"});
  native_.complete = false;
  EXPECT_THAT(merged(k38),
              ElementsAre("(a)", kEval, "(b)", "(c)", "...", "(main)", kEval, "_start"));
}

TEST_F(MergeTest, beyond_a_search_calls_are_counted_from_the_outermost_too) {
  python({"a", "b", "main"});
  native({kEval, "call"});
  search();
  native({kEval, "_start"});
  EXPECT_THAT(merged(k38), ElementsAre("(a)", kEval, "call", "(b)", "(main)", kEval, "_start"));
}

TEST_F(MergeTest, between_two_places_with_missing_frames_calls_cannot_be_counted) {
  python({"a", "b", "c", "main"});
  native({kEval});
  search();
  native({kEval});
  gap();
  native({kEval});
  EXPECT_THAT(merged(k38), ElementsAre("(a)", "(b)", "(c)", "(main)", kEval, kEval, "...", kEval));
}

TEST_F(MergeTest, of_a_long_stack_both_ends_are_kept) {
  native(std::vector<std::string>(1000, "f"));
  EXPECT_EQ(merged().size(), kInnermostStackEntries + 1 + kOutermostStackEntries);
  EXPECT_EQ(result_.stack[kInnermostStackEntries].omitted,
            1000 - kInnermostStackEntries - kOutermostStackEntries);
}

TEST_F(MergeTest, functions_that_were_inlined_are_shown_too) {
  native({"outer"});
  native_.frames[0].functions.insert(native_.frames[0].functions.begin(), NativeFrame());
  native_.frames[0].functions[0].function = "inlined";
  EXPECT_THAT(merged(), ElementsAre("inlined", "outer"));
}

}  // namespace
}  // namespace pyfault
