// Records that an attacker has made up: numbers that point outside the record, wrong sizes, and
// requests for huge amounts of memory.
#include <gmock/gmock.h>

#include "tests/unit/crash/decode_fixture.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

struct HostileRecordTest : DecodeTest {
  static constexpr std::size_t kFirstString = sizeof(CodeSection);
  // The offset of the third string when the first two are empty.
  static constexpr std::size_t kThirdString = kFirstString + 2 * sizeof(StringHeader);

  bool fault_is_refused() {
    record = RecordBuilder().fault(fault).runtime().end();
    return !decode();
  }
  FaultSection fault = segfault();
};

TEST_F(HostileRecordTest, fault_of_an_unknown_kind_is_refused) {
  fault.kind = static_cast<RecordKind>(3);
  EXPECT_TRUE(fault_is_refused());
}

TEST_F(HostileRecordTest, signals_that_do_not_exist_are_refused) {
  for (const int signal : {-1, 0, 65, INT32_MAX}) {
    fault.signal = signal;
    EXPECT_TRUE(fault_is_refused()) << signal;
  }
}

TEST_F(HostileRecordTest, dump_for_a_signal_that_does_not_exist_is_refused) {
  fault.kind = RecordKind::kDump;
  fault.signal = 65;
  EXPECT_TRUE(fault_is_refused());
}

TEST_F(HostileRecordTest, dump_of_no_thread_is_refused) {
  fault.kind = RecordKind::kDump;
  fault.tid = 0;
  EXPECT_TRUE(fault_is_refused());
}

TEST_F(HostileRecordTest, process_and_thread_are_numbered_from_one) {
  fault.pid = 0;
  EXPECT_TRUE(fault_is_refused());
  fault = segfault();
  fault.tid = -1;
  EXPECT_TRUE(fault_is_refused());
}

TEST_F(HostileRecordTest, without_a_thread_none_is_marked_as_crashed) {
  fault.tid = 0;
  record.fault(fault).runtime().code("a.py", "f").crashed_thread({at(0, 1)}).end();
  EXPECT_FALSE(crash().threads.at(0).crashed);
  EXPECT_FALSE(crash().complete);
}

TEST_F(HostileRecordTest, time_before_the_epoch_is_the_epoch) {
  fault.realtime_ns = fault.monotonic_ns = INT64_MIN;
  record.fault(fault);
  EXPECT_EQ(crash().realtime_ns, 0);
  EXPECT_EQ(crash().monotonic_ns, 0);
}

TEST_F(HostileRecordTest, frame_of_a_code_object_that_is_not_there_has_no_names) {
  for (const std::uint32_t index : {1u, 0xffffffffu}) {
    record = RecordBuilder();
    begun().code("a.py", "f").crashed_thread({at(index, 4), at(0, 5)}).end();
    EXPECT_FALSE(only_frame().file_readable);
    EXPECT_FALSE(only_frame().function_readable);
    EXPECT_EQ(crash().threads.at(0).frames.at(1).file, "a.py");
    EXPECT_EQ(reason(), "frames that the record does not explain");
  }
}

TEST_F(HostileRecordTest, code_objects_after_the_thread_do_not_count) {
  begun().crashed_thread({at(0, 4)}).code("a.py", "f").end();
  EXPECT_FALSE(only_frame().file_readable);
}

TEST_F(HostileRecordTest, frame_of_an_unknown_kind_is_unreadable) {
  begun().crashed_thread({frame_entry(static_cast<FrameKind>(9), 0)}).end();
  EXPECT_EQ(only_frame().kind, Frame::Kind::kUnreadable);
  EXPECT_EQ(reason(), "frames that the record does not explain");
}

TEST_F(HostileRecordTest, code_object_out_of_sequence_is_malformed) {
  begun().code("a.py", "f").patch_last(offsetof(CodeSection, index), std::uint32_t{1}).end();
  EXPECT_THAT(reason(), HasSubstr("malformed section"));
}

TEST_F(HostileRecordTest, more_machine_code_than_the_format_allows_is_malformed) {
  record.fault(with_registers(segfault(), 0x5000)).runtime().crashed_thread({});
  record.instruction(0x5000, std::string(2 * kInstructionBytes, '\x90')).end();
  EXPECT_TRUE(crash().complete);
  record = RecordBuilder();
  record.fault(with_registers(segfault(), 0x5000)).runtime().crashed_thread({});
  record.instruction(0x5000, std::string(2 * kInstructionBytes + 1, '\x90')).end();
  EXPECT_THAT(reason(), HasSubstr("malformed section"));
}

TEST_F(HostileRecordTest, machine_code_beyond_the_section_is_malformed) {
  begun().crashed_thread({}).instruction(0x5000, "\x90");
  record.patch_last(offsetof(InstructionSection, size), std::uint32_t{90}).end();
  EXPECT_THAT(reason(), HasSubstr("malformed section"));
}

TEST_F(HostileRecordTest, as_many_frames_as_the_format_allows_are_read) {
  begun().crashed_thread(std::vector(kMaxFrameEntries, cycle())).end();
  EXPECT_THAT(crash().threads.at(0).frames, SizeIs(kMaxFrameEntries));
}

TEST_F(HostileRecordTest, more_frames_than_the_format_allows_are_malformed) {
  begun().crashed_thread(std::vector(kMaxFrameEntries + 1, cycle())).end();
  EXPECT_THAT(reason(), HasSubstr("malformed section"));
}

TEST_F(HostileRecordTest, frame_counts_beyond_the_section_are_malformed) {
  for (const std::uint32_t count : {2u, kMaxFrameEntries, 0x08000001u, 0xffffffffu}) {
    record = RecordBuilder();
    begun().crashed_thread({cycle()}).patch_last(offsetof(ThreadSection, frame_count), count).end();
    EXPECT_THAT(reason(), HasSubstr("malformed section")) << count;
  }
}

TEST_F(HostileRecordTest, string_of_the_greatest_length_is_read) {
  const std::string longest(kMaxStringUnits, 'x');
  begun().code(longest.c_str(), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().file, longest);
}

TEST_F(HostileRecordTest, longer_string_is_malformed) {
  begun().code(std::string(kMaxStringUnits + 1, 'x').c_str(), "f").end();
  EXPECT_THAT(reason(), HasSubstr("malformed section"));
}

TEST_F(HostileRecordTest, strings_that_leave_their_section_are_malformed) {
  for (const std::uint32_t units : {100u, kMaxStringUnits, 0x40000001u, 0xffffffffu}) {
    record = RecordBuilder();
    begun().code("a.py", "f").patch_last(kFirstString, StringHeader{4, 0, 0, units, kNoHash}).end();
    EXPECT_THAT(reason(), HasSubstr("malformed section")) << units;
  }
}

TEST_F(HostileRecordTest, unit_sizes_that_do_not_exist_are_malformed) {
  for (const int unit_size : {3, 5, 8, 255}) {
    record = RecordBuilder();
    begun()
        .code("a.py", "f")
        .patch_last(kFirstString,
                    StringHeader{static_cast<std::uint8_t>(unit_size), 0, 0, 1, kNoHash})
        .end();
    EXPECT_THAT(reason(), HasSubstr("malformed section")) << unit_size;
  }
}

TEST_F(HostileRecordTest, unreadable_string_with_units_is_malformed) {
  begun().code("", "", "f").patch_last(kThirdString, StringHeader{0, 0, 0, 4, kNoHash}).end();
  EXPECT_THAT(reason(), HasSubstr("malformed section"));
}

TEST_F(HostileRecordTest, nonsense_in_yes_or_no_facts_is_unknown) {
  RuntimeSection runtime{};
  runtime.free_threaded = runtime.finalizing = static_cast<Known>(200);
  record.fault().runtime(runtime).end();
  EXPECT_FALSE(crash().python.free_threaded);
  EXPECT_EQ(crash().python.finalizing, std::nullopt);
}

TEST_F(HostileRecordTest, more_threads_than_any_process_has_are_not_kept) {
  begun();
  for (int i = 0; i < 65537; ++i) record.thread({}, {});
  record.end();
  EXPECT_THAT(crash().threads, SizeIs(65536));
  EXPECT_FALSE(crash().complete);
}

// One long name that every frame of the record refers to: if each frame got a copy, a record of 2
// MiB would need a gigabyte.
TEST_F(HostileRecordTest, shared_names_do_not_multiply) {
  const std::u16string longest(kMaxStringUnits, u'\xdc80');
  begun().code(ucs2(longest), ucs2(longest));
  for (int i = 0; i < 250; ++i) record.thread({}, std::vector(kMaxFrameEntries, at(0, 1)));
  record.end();
  EXPECT_LT(weight(crash()), 40 * record.size());
  EXPECT_EQ(reason(), "frames that the record does not explain");
}

TEST_F(HostileRecordTest, full_slot_of_ordinary_frames_fits_the_budget) {
  const std::string file = "/usr/lib/python3/dist-packages/" + std::string(150, 'p') + ".py";
  begun().code(file.c_str(), "SomeClass.some_method", "some_method");
  for (int i = 0; i < 250; ++i) record.thread({}, std::vector(kMaxFrameEntries, at(0, 1)));
  record.end();
  EXPECT_TRUE(crash().complete);
}

}  // namespace
}  // namespace pyfault::test
