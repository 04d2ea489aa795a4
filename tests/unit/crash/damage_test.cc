// Records that end early, for whatever cause: what came before stands, and the reason is said.
#include "tests/unit/crash/decode_fixture.h"

namespace pyfault::test {
namespace {

struct DamageTest : DecodeTest {
  std::string at_last(const std::string& what) const {
    return what + " at byte " + std::to_string(record.last_section());
  }
};

TEST_F(DamageTest, NoBytesNoCrash) {
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, RuntimeWithoutAFaultIsNoCrash) {
  record.runtime().end();
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, NothingBeforeTheFaultIsBelieved) {
  record.runtime().fault().end();
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, EveryPrefixIsSurvivedAndOnlyTheWholeIsComplete) {
  realistic();
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto prefix = decode(record.bytes().first(size));
    EXPECT_EQ(prefix.has_value(), size >= sizeof(FaultSection)) << size;
    EXPECT_FALSE(prefix && prefix->complete) << size;
  }
  EXPECT_TRUE(decode()->complete);
}

TEST_F(DamageTest, EveryFlippedByteIsSurvived) {
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

TEST_F(DamageTest, BytesAtAnOddAddressAreRead) {
  realistic();
  std::vector<std::byte> shifted(record.size() + 1);
  std::ranges::copy(record.bytes(), shifted.begin() + 1);
  EXPECT_TRUE(decode(std::span(shifted).subspan(1))->complete);
}

TEST_F(DamageTest, DeathWhileWritingIsTheReason) {
  begun();
  published = false;
  EXPECT_EQ(reason(), "the process died while writing the record: it ends after the interpreter");
}

TEST_F(DamageTest, DeathAfterTheEndLeavesAWholeRecord) {
  realistic();
  published = false;
  EXPECT_TRUE(crash().complete);
}

TEST_F(DamageTest, PublishedWithoutAnEndIsNotWhole) {
  begun();
  EXPECT_EQ(reason(), "the record has no end: it ends after the interpreter");
}

TEST_F(DamageTest, FaultInTheHandlerIsTheReason) {
  begun();
  cut_short = CutShort::kFaultInHandler;
  EXPECT_EQ(reason(), "a fault in the handler cut the record short: it ends after the interpreter");
}

TEST_F(DamageTest, FullSlotSaysHowManyThreadsAreMissing) {
  begun().end(12);
  cut_short = CutShort::kSlotFull;
  EXPECT_EQ(reason(), "the slot was full: 12 threads left out");
  EXPECT_EQ(crash().threads_omitted, 12u);
}

TEST_F(DamageTest, OneMissingThreadIsSingular) {
  begun().end(1);
  cut_short = CutShort::kSlotFull;
  EXPECT_EQ(reason(), "the slot was full: 1 thread left out");
}

TEST_F(DamageTest, FullSlotWithoutAnEndIsStillFull) {
  begun();
  cut_short = CutShort::kSlotFull;
  EXPECT_EQ(reason(), "the slot was full");
}

TEST_F(DamageTest, OmittedThreadsAreNotWholeWhateverTheSlotSays) {
  begun().end(3);
  EXPECT_EQ(reason(), "3 threads left out");
}

TEST_F(DamageTest, UnknownCauseIsStillACause) {
  begun().end();
  cut_short = static_cast<CutShort>(77);
  EXPECT_EQ(reason(), "the record was cut short");
}

TEST_F(DamageTest, MalformedSectionEndsTheWalk) {
  begun().thread({}, {}).patch_last(offsetof(SectionHeader, size), std::uint32_t{7}).end();
  EXPECT_EQ(reason(), "malformed section at byte 296");
  EXPECT_TRUE(crash().threads.empty());
}

TEST_F(DamageTest, SectionSizesThatCannotBeAreRefused) {
  for (const std::uint32_t size : {0u, 7u, 9u, 0x80000000u, 0xfffffff8u, 0xffffffffu}) {
    record = RecordBuilder();
    begun().end().patch_last(offsetof(SectionHeader, size), size);
    EXPECT_EQ(reason(), at_last("malformed section")) << size;
  }
}

TEST_F(DamageTest, SizeThatIsNotPaddedIsRefusedEvenWithRoomForIt) {
  begun().end();
  const std::size_t end = record.last_section();
  record.section(9, kSectionVersion, "more").patch(end + offsetof(SectionHeader, size), 17u);
  EXPECT_EQ(reason(), "malformed section at byte " + std::to_string(end));
}

TEST_F(DamageTest, SectionsShorterThanTheirBodyAreRefused) {
  for (const SectionTag tag : {SectionTag::kCode, SectionTag::kThread, SectionTag::kEnd}) {
    record = RecordBuilder();
    begun().section(static_cast<std::uint16_t>(tag), kSectionVersion, "");
    EXPECT_EQ(reason(), at_last("malformed section")) << record.size();
  }
}

TEST_F(DamageTest, SecondFaultIsNotBelieved) {
  begun().fault(segfault(0x1234));
  EXPECT_EQ(reason(), at_last("section out of order"));
  EXPECT_NE(crash().signal.address, 0x1234u);
}

TEST_F(DamageTest, ThreadBeforeTheRuntimeIsOutOfOrder) {
  record.fault().thread({}, {});
  EXPECT_EQ(reason(), at_last("section out of order"));
}

TEST_F(DamageTest, SecondRuntimeIsOutOfOrder) {
  begun().runtime(0x03080000);
  EXPECT_EQ(reason(), at_last("section out of order"));
  EXPECT_EQ(crash().python.version, "3.13.0");
}

TEST_F(DamageTest, LaterVersionOfASectionIsSteppedOverAndSaid) {
  begun().section(4, 2, "who knows").thread({}, {}).end();
  EXPECT_EQ(crash().threads.size(), 1u);
  EXPECT_EQ(reason(), "sections of an unknown version");
}

TEST_F(DamageTest, LaterVersionOfTheRuntimeDoesNotHideTheThreads) {
  record.fault().section(2, 2, "who knows").thread({}, {}).end();
  EXPECT_EQ(crash().threads.size(), 1u);
  EXPECT_EQ(crash().python.version, "");
}

TEST_F(DamageTest, LaterVersionOfTheFaultIsNoCrash) {
  record.section(1, 2, std::string(500, 'x')).runtime().end();
  EXPECT_FALSE(decode());
}

TEST_F(DamageTest, NothingAfterTheEndIsRead) {
  begun().end().thread({}, {});
  EXPECT_TRUE(crash().complete);
  EXPECT_TRUE(crash().threads.empty());
}

}  // namespace
}  // namespace pyfault::test
