// What a process has said about itself is shown as it was said, or not at all.
#include "watchdog/crash/decode_context.h"

#include <gmock/gmock.h>

#include <memory>

#include "tests/support/context_builder.h"
#include "tests/support/crash_invariants.h"
#include "tests/support/record_builder.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

MATCHER_P2(Says, key, value, "") {
  return arg.key == key && arg.value == value;
}
MATCHER_P(Crumbles, text, "") {
  return arg.text == text;
}

class DecodeContext : public testing::Test {
 protected:
  DecodedContext decoded() const {
    ContextCopy copy;
    copy_context(*block_, copy);
    return decode_context(copy);
  }
  std::vector<Annotation> annotations(int tid = 0) const {
    const auto all = decoded().annotations;
    return all.contains(tid) ? all.at(tid) : std::vector<Annotation>{};
  }

  const std::unique_ptr<ContextBlock> block_ = std::make_unique<ContextBlock>();
  test::ContextBuilder says_{*block_};
};

Crash crash_of(int tid) {
  Crash crash;
  crash.tid = tid;
  crash.monotonic_ns = test::kMonotonicNs;
  for (const int each : {tid, 102}) {
    crash.threads.emplace_back();
    crash.threads.back().tid = each;
  }
  return crash;
}

TEST_F(DecodeContext, a_fresh_block_says_nothing) {
  EXPECT_TRUE(context_at_end(decoded(), 1).empty());
}

TEST_F(DecodeContext, annotations_are_as_they_were_written) {
  says_.annotate("task", "resize").annotate("id", "7").annotate("empty", "");
  EXPECT_THAT(annotations(),
              ElementsAre(Says("task", "resize"), Says("id", "7"), Says("empty", "")));
}

TEST_F(DecodeContext, bytes_that_are_no_utf8_are_replaced) {
  says_.annotate("k\xff", "v\xc3").breadcrumb("t\xed\xa0\x80");
  const auto [key, value] = annotations().at(0);
  EXPECT_EQ(key, "k\ufffd");
  EXPECT_EQ(value, "v\ufffd");
  EXPECT_TRUE(test::is_valid_utf8(decoded().breadcrumbs.at(0).text));
}

TEST_F(DecodeContext, the_first_annotation_that_cannot_be_ends_the_list) {
  const AnnotationHead bad[] = {{kMaxAnnotationKey + 1, 0, 0}, {1, kMaxAnnotationValue + 1, 0}};
  for (const AnnotationHead& head : bad) {
    test::ContextBuilder(*block_).annotate("a", "1").append(head, std::string(2000, 'x'));
    EXPECT_THAT(annotations(), ElementsAre(Says("a", "1"))) << head.key_size;
  }
}

TEST_F(DecodeContext, an_annotation_without_a_key_or_of_a_thread_that_cannot_be_is_left_out) {
  says_.annotate("", "1").annotate("a", "2", -1).annotate("b", "3");
  EXPECT_THAT(annotations(), ElementsAre(Says("b", "3")));
  EXPECT_THAT(decoded().annotations, SizeIs(1));
}

TEST_F(DecodeContext, an_annotation_that_goes_beyond_the_copy_is_left_out) {
  says_.annotate("a", "1").append({1, 9, 0}, "bcut");
  EXPECT_THAT(annotations(), ElementsAre(Says("a", "1")));
}

TEST_F(DecodeContext, a_size_beyond_the_block_is_cut_to_the_block) {
  says_.annotate("a", "1");
  block_->annotations[1].size = ~0U;
  EXPECT_THAT(annotations(), ElementsAre(Says("a", "1")));
}

TEST_F(DecodeContext, a_key_stands_there_once_for_each_thread) {
  says_.annotate("a", "1").annotate("a", "2").annotate("a", "3", 5);
  EXPECT_THAT(annotations(), ElementsAre(Says("a", "1")));
  EXPECT_THAT(annotations(5), ElementsAre(Says("a", "3")));
}

TEST_F(DecodeContext, keys_that_become_the_same_are_one) {
  says_.annotate("k\xfe", "1").annotate("k\xff", "2");
  EXPECT_THAT(annotations(), SizeIs(1));
}

TEST_F(DecodeContext, breadcrumbs_are_in_order_when_the_oldest_are_overwritten) {
  for (int i = 1; i <= 40; ++i) says_.breadcrumb(std::to_string(i));
  const auto crumbs = decoded().breadcrumbs;
  ASSERT_THAT(crumbs, SizeIs(kBreadcrumbCount));
  EXPECT_EQ(crumbs.front().text, "9");
  EXPECT_EQ(crumbs.back().text, "40");
}

TEST_F(DecodeContext, a_breadcrumb_that_is_being_written_is_left_out) {
  says_.breadcrumb("a").breadcrumb("b");
  block_->crumbs[0].number = 0;
  EXPECT_THAT(decoded().breadcrumbs, ElementsAre(Crumbles("b")));
}

TEST_F(DecodeContext, breadcrumbs_with_the_same_number_are_one) {
  says_.put_crumb(3, 7, "a").put_crumb(4, 7, "b");
  EXPECT_THAT(decoded().breadcrumbs, SizeIs(1));
}

TEST_F(DecodeContext, a_text_beyond_its_cell_is_cut_to_the_cell) {
  says_.breadcrumb("a");
  block_->crumbs[0].size = 0xffff;
  EXPECT_THAT(decoded().breadcrumbs.at(0).text, SizeIs(sizeof(Breadcrumb::text)));
}

TEST_F(DecodeContext, a_heartbeat_is_so_old_as_it_is_before_the_crash) {
  says_.beat(test::kMonotonicNs - 1'500'000'000);
  Crash crash = crash_of(101);
  add_context(crash, decoded());
  EXPECT_EQ(crash.context.heartbeat_age_seconds, 1.5);
}

TEST_F(DecodeContext, a_heartbeat_after_the_crash_is_no_older_than_it) {
  says_.beat(test::kMonotonicNs + 1);
  EXPECT_EQ(context_at_end(decoded(), test::kMonotonicNs).heartbeat_age_seconds, 0.0);
}

TEST_F(DecodeContext, a_heartbeat_before_the_clock_began_is_none) {
  says_.beat(-1);
  EXPECT_TRUE(context_at_end(decoded(), test::kMonotonicNs).empty());
}

TEST_F(DecodeContext, a_crash_has_those_of_its_thread_laid_over_those_of_the_process) {
  says_.annotate("task", "all").annotate("id", "7").annotate("task", "mine", 101);
  says_.annotate("step", "2", 101).annotate("task", "other", 102).leave_out(3);
  Crash crash = crash_of(101);
  add_context(crash, decoded());
  EXPECT_THAT(crash.context.annotations,
              ElementsAre(Says("task", "mine"), Says("id", "7"), Says("step", "2")));
  EXPECT_EQ(crash.context.annotations_left_out, 3u);
  EXPECT_THAT(crash.threads[0].annotations, ElementsAre(Says("task", "mine"), Says("step", "2")));
  EXPECT_THAT(crash.threads[1].annotations, ElementsAre(Says("task", "other")));
}

TEST_F(DecodeContext, a_crash_of_nobody_has_those_of_the_process) {
  says_.annotate("task", "all").annotate("task", "other", 102);
  Crash crash = crash_of(0);
  add_context(crash, decoded());
  EXPECT_THAT(crash.context.annotations, ElementsAre(Says("task", "all")));
  EXPECT_THAT(crash.threads[0].annotations, IsEmpty());
}

TEST_F(DecodeContext, an_end_has_those_of_its_thread_laid_over_those_of_the_process) {
  says_.annotate("task", "all").annotate("id", "7").annotate("task", "mine", 101).breadcrumb("a");
  const Context context = context_at_end(decoded(), 1);
  EXPECT_THAT(context.annotations, ElementsAre(Says("task", "mine"), Says("id", "7")));
  EXPECT_THAT(context.breadcrumbs, ElementsAre(Crumbles("a")));
}

TEST_F(DecodeContext, an_end_lists_what_several_threads_have_said) {
  says_.annotate("task", "one", 101).annotate("task", "other", 102).annotate("step", "2", 102);
  EXPECT_THAT(context_at_end(decoded(), 1).annotations,
              ElementsAre(Says("task", "2 open: one; other"), Says("step", "2")));
}

TEST_F(DecodeContext, a_list_of_many_threads_is_no_longer_than_a_value) {
  for (int tid = 1; tid < 20; ++tid) says_.annotate("task", std::string(100, 'x'), tid);
  EXPECT_LE(context_at_end(decoded(), 1).annotations.at(0).value.size(), kMaxAnnotationValue);
}

}  // namespace
}  // namespace pyfault
