#include "watchdog/symbolize/captured_stack.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <optional>

#include "tests/support/record_builder.h"

namespace pyfault {
namespace {

using test::RecordBuilder;
using testing::ElementsAre;
using testing::SizeIs;

constexpr std::uint64_t kSp = 0x7ffd00000100;

FaultSection fault_with_registers() {
  FaultSection fault = test::segfault();
  fault.registers[REG_RSP] = kSp;
  return fault;
}

RecordBuilder record() {
  return RecordBuilder().fault(fault_with_registers()).runtime();
}

std::optional<CapturedStack> read(const RecordBuilder& record) {
  return CapturedStack::of(record.bytes());
}

TEST(CapturedStack, every_part_is_read) {
  const auto stack =
      read(record().anchors({{3, 0, kSp}}, 7).stack(kSp, {1, 2}).stack(kSp + 64, {3}, kSp + 72));
  ASSERT_TRUE(stack);
  EXPECT_EQ(stack->registers[REG_RSP], kSp);
  EXPECT_EQ(stack->anchors.at(0).frame, 3U);
  EXPECT_EQ(stack->anchors.at(0).address, kSp);
  EXPECT_EQ(stack->anchors_omitted, 7U);
  ASSERT_THAT(stack->chunks, SizeIs(2));
  EXPECT_EQ(stack->chunks[0].address, kSp);
  EXPECT_THAT(stack->chunks[0].bytes, SizeIs(16));
  EXPECT_EQ(stack->chunks[1].address, kSp + 64);
  EXPECT_EQ(stack->stack_end, kSp + 72);
}

test::ThreadSpec other() {
  return {.list_position = 7};
}

TEST(CapturedStack, anchors_of_another_thread_are_not_its_own) {
  const auto stack =
      read(record().crashed_thread({}).stack(kSp, {1}).thread(other(), {}).anchors({{3, 0, kSp}}));
  EXPECT_THAT(stack->anchors, SizeIs(0));
}

TEST(CapturedStack, anchors_of_other_threads_follow_their_sections) {
  const auto all = anchors_of_other_threads(record()
                                                .crashed_thread({})
                                                .anchors({{1, 0, kSp}})
                                                .thread({}, {})
                                                .thread(other(), {})
                                                .anchors({{3, 0, kSp}})
                                                .anchors({{4, 0, kSp}})
                                                .bytes());
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].list_position, 7U);
  ASSERT_THAT(all[0].anchors, SizeIs(1));
  EXPECT_EQ(all[0].anchors[0].frame, 3U);
}

TEST(CapturedStack, a_record_has_anchors_of_so_many_other_threads_at_most) {
  RecordBuilder builder = record();
  for (std::uint32_t count = 0; count <= kMaxOtherStacks; ++count) {
    builder.thread(other(), {}).anchors({{0, 0, kSp}});
  }
  EXPECT_THAT(anchors_of_other_threads(builder.bytes()), SizeIs(kMaxOtherStacks));
}

TEST(CapturedStack, without_a_stack_there_is_nothing) {
  EXPECT_FALSE(read(record().end()));
}

TEST(CapturedStack, without_registers_there_is_nothing) {
  EXPECT_FALSE(read(RecordBuilder().fault().runtime().stack(kSp, {1})));
}

TEST(CapturedStack, a_chunk_that_overlaps_the_one_before_is_left_out) {
  EXPECT_THAT(read(record().stack(kSp, {1, 2}).stack(kSp + 8, {3}))->chunks, SizeIs(1));
}

TEST(CapturedStack, a_chunk_that_wraps_around_is_left_out) {
  EXPECT_FALSE(read(record().stack(UINT64_MAX - 7, {1, 2})));
}

TEST(CapturedStack, a_chunk_at_an_odd_address_is_left_out) {
  EXPECT_FALSE(read(record().stack(kSp + 1, {1})));
}

TEST(CapturedStack, a_third_chunk_is_left_out) {
  EXPECT_THAT(read(record().stack(kSp, {1}).stack(kSp + 8, {2}).stack(kSp + 16, {3}))->chunks,
              SizeIs(2));
}

TEST(CapturedStack, more_anchors_than_there_are_bytes_are_none) {
  const auto builder =
      record().anchors({{0, 0, kSp}}).patch_last(offsetof(AnchorSection, count), std::uint32_t{2});
  EXPECT_THAT(read(RecordBuilder(builder).stack(kSp, {1}))->anchors, SizeIs(0));
}

TEST(CapturedStack, a_cut_record_is_read_as_far_as_it_goes) {
  auto builder = record().stack(kSp, {1, 2});
  builder.mutable_bytes().resize(builder.size() + 4);
  EXPECT_THAT(read(builder)->chunks, SizeIs(1));
}

TEST(CapturedStack, no_prefix_of_a_record_breaks_it) {
  const auto whole =
      record().anchors({{0, 0, kSp}}).stack(kSp, {1, 2}).thread(other(), {}).anchors({{0, 0, kSp}});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CapturedStack::of(whole.bytes().first(size));
    anchors_of_other_threads(whole.bytes().first(size));
  }
}

}  // namespace
}  // namespace pyfault
