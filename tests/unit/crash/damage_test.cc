// Records that end early, for whatever reason: everything before the damage must be kept, and the
// reason reported.
#include "tests/unit/crash/decode_fixture.h"

namespace pyfault::test {
namespace {

struct DamageTest : DecodeTest {
  std::string at_last(const std::string& what) const {
    return what + " at byte " + std::to_string(record.last_section());
  }
};

TEST_F(DamageTest, no_bytes_no_crash) {
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, runtime_without_a_fault_is_no_crash) {
  record.runtime().end();
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, nothing_before_the_fault_is_believed) {
  record.runtime().fault().end();
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, every_prefix_is_survived_and_only_the_whole_is_complete) {
  realistic();
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto prefix = decode(record.bytes().first(size));
    EXPECT_EQ(prefix.has_value(), size >= sizeof(FaultSection)) << size;
    EXPECT_FALSE(prefix && prefix->complete) << size;
  }
  EXPECT_TRUE(decode()->complete);
}

TEST_F(DamageTest, every_flipped_byte_is_survived) {
  realistic();
  for (std::byte& byte : record.mutable_bytes()) {
    for (const auto flip : {std::byte{0xff}, std::byte{0x01}, std::byte{0x80}}) {
      byte ^= flip;
      decode();
      byte ^= flip;
    }
  }
  EXPECT_TRUE(decode()->complete);
}

TEST_F(DamageTest, bytes_at_an_odd_address_are_read) {
  realistic();
  std::vector<std::byte> shifted(record.size() + 1);
  std::ranges::copy(record.bytes(), shifted.begin() + 1);
  EXPECT_TRUE(decode(std::span(shifted).subspan(1))->complete);
}

TEST_F(DamageTest, death_while_writing_is_the_reason) {
  begun();
  published = false;
  EXPECT_EQ(reason(), "the process died while writing the record: it ends after the interpreter");
}

TEST_F(DamageTest, death_after_the_end_leaves_a_whole_record) {
  realistic();
  published = false;
  EXPECT_TRUE(crash().complete);
}

TEST_F(DamageTest, published_without_an_end_is_not_whole) {
  begun();
  EXPECT_EQ(reason(), "the record has no end: it ends after the interpreter");
}

TEST_F(DamageTest, fault_in_the_handler_is_the_reason) {
  begun();
  cut_short = CutShort::kFaultInHandler;
  EXPECT_EQ(reason(), "a fault in the handler cut the record short: it ends after the interpreter");
}

TEST_F(DamageTest, full_slot_says_how_many_threads_are_missing) {
  begun().end(12);
  cut_short = CutShort::kSlotFull;
  EXPECT_EQ(reason(), "the slot was full: 12 threads left out");
  EXPECT_EQ(crash().threads_omitted, 12u);
}

TEST_F(DamageTest, one_missing_thread_is_singular) {
  begun().end(1);
  cut_short = CutShort::kSlotFull;
  EXPECT_EQ(reason(), "the slot was full: 1 thread left out");
}

TEST_F(DamageTest, full_slot_without_an_end_is_still_full) {
  begun();
  cut_short = CutShort::kSlotFull;
  EXPECT_EQ(reason(), "the slot was full");
}

TEST_F(DamageTest, omitted_threads_are_not_whole_whatever_the_slot_says) {
  begun().end(3);
  EXPECT_EQ(reason(), "3 threads left out");
}

TEST_F(DamageTest, unknown_cause_is_still_a_cause) {
  begun().end();
  cut_short = static_cast<CutShort>(77);
  EXPECT_EQ(reason(), "the record was cut short");
}

TEST_F(DamageTest, malformed_section_ends_the_walk) {
  begun().thread({}, {}).patch_last(offsetof(SectionHeader, size), std::uint32_t{7}).end();
  EXPECT_EQ(reason(), "malformed section at byte 296");
  EXPECT_TRUE(crash().threads.empty());
}

TEST_F(DamageTest, section_sizes_that_cannot_be_are_refused) {
  for (const std::uint32_t size : {0u, 7u, 9u, 0x80000000u, 0xfffffff8u, 0xffffffffu}) {
    record = RecordBuilder();
    begun().end().patch_last(offsetof(SectionHeader, size), size);
    EXPECT_EQ(reason(), at_last("malformed section")) << size;
  }
}

TEST_F(DamageTest, size_that_is_not_padded_is_refused_even_with_room_for_it) {
  begun().end();
  const std::size_t end = record.last_section();
  record.section(9, kSectionVersion, "more").patch(end + offsetof(SectionHeader, size), 17u);
  EXPECT_EQ(reason(), "malformed section at byte " + std::to_string(end));
}

TEST_F(DamageTest, sections_shorter_than_their_body_are_refused) {
  for (const SectionTag tag : {SectionTag::kCode, SectionTag::kThread, SectionTag::kEnd}) {
    record = RecordBuilder();
    begun().section(static_cast<std::uint16_t>(tag), kSectionVersion, "");
    EXPECT_EQ(reason(), at_last("malformed section")) << record.size();
  }
}

TEST_F(DamageTest, second_fault_is_not_believed) {
  begun().fault(segfault(0x1234));
  EXPECT_EQ(reason(), at_last("section out of order"));
  EXPECT_NE(crash().signal.address, 0x1234u);
}

TEST_F(DamageTest, thread_before_the_runtime_is_out_of_order) {
  record.fault().thread({}, {});
  EXPECT_EQ(reason(), at_last("section out of order"));
}

TEST_F(DamageTest, second_runtime_is_out_of_order) {
  begun().runtime(0x03080000);
  EXPECT_EQ(reason(), at_last("section out of order"));
  EXPECT_EQ(crash().python.version, "3.13.0");
}

TEST_F(DamageTest, later_version_of_a_section_is_stepped_over_and_said) {
  begun().section(4, 2, "who knows").thread({}, {}).end();
  EXPECT_EQ(crash().threads.size(), 1u);
  EXPECT_EQ(reason(), "sections of an unknown version");
}

TEST_F(DamageTest, later_version_of_the_runtime_does_not_hide_the_threads) {
  record.fault().section(2, 2, "who knows").thread({}, {}).end();
  EXPECT_EQ(crash().threads.size(), 1u);
  EXPECT_EQ(crash().python.version, "");
}

TEST_F(DamageTest, later_version_of_the_fault_is_no_crash) {
  record.section(1, 2, std::string(500, 'x')).runtime().end();
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, nothing_after_the_end_is_read) {
  begun().end().thread({}, {});
  EXPECT_TRUE(crash().complete);
  EXPECT_TRUE(crash().threads.empty());
}

}  // namespace
}  // namespace pyfault::test
