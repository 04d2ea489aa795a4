// What a sound record says.
#include "watchdog/crash/decode.h"

#include <gmock/gmock.h>

#include "tests/unit/crash/decode_fixture.h"

namespace pyfault::test {
namespace {

using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

TEST_F(DecodeTest, WholeRecordIsComplete) {
  realistic();
  EXPECT_TRUE(crash().complete);
  EXPECT_EQ(reason(), "");
}

TEST_F(DecodeTest, FaultSaysWhoWhenAndWhy) {
  begun().end();
  EXPECT_EQ(crash().kind, CrashKind::kCrash);
  EXPECT_EQ(crash().pid, kPid);
  EXPECT_EQ(crash().tid, kTid);
  EXPECT_EQ(crash().realtime_ns, kRealtimeNs);
  EXPECT_EQ(crash().monotonic_ns, kMonotonicNs);
  EXPECT_EQ(crash().signal.name, "SIGSEGV");
}

TEST_F(DecodeTest, CallerNamesTheCrash) {
  begun().end();
  EXPECT_EQ(crash().id, "");
}

TEST_F(DecodeTest, CrashHasItsFingerprint) {
  realistic();
  EXPECT_THAT(crash().fingerprint, SizeIs(16));
}

TEST_F(DecodeTest, DumpHasNoSignal) {
  record.fault(dump_request()).runtime().end();
  EXPECT_EQ(crash().kind, CrashKind::kDump);
  EXPECT_EQ(crash().signal.number, 0);
  EXPECT_EQ(crash().signal.name, "");
}

TEST_F(DecodeTest, ACrashIsFatalWhereNoHandlerOfTheProgramStandsBehindIt) {
  RuntimeSection section{};
  record.fault().runtime(section).end();
  EXPECT_FALSE(crash().fatal);
  section.fatal = Known::kYes;
  record = RecordBuilder().fault().runtime(section).end();
  EXPECT_TRUE(crash().fatal);
}

TEST_F(DecodeTest, ACrashThatEndsItsRecordIsFatal) {
  begun();
  published = false;
  EXPECT_TRUE(crash().fatal);
}

TEST_F(DecodeTest, FinalVersionHasNoSuffix) {
  record.fault().runtime(0x030b02f0).end();
  EXPECT_EQ(crash().python.version, "3.11.2");
  EXPECT_EQ(crash().python.version_hex, 0x030b02f0u);
}

TEST_F(DecodeTest, PrereleasesAreSpeltAsPythonDoes) {
  record.fault().runtime(0x030e00c1).end();
  EXPECT_EQ(crash().python.version, "3.14.0rc1");
  record = RecordBuilder().fault().runtime(0x030f00a7).end();
  EXPECT_EQ(crash().python.version, "3.15.0a7");
  record = RecordBuilder().fault().runtime(0x030d00b2).end();
  EXPECT_EQ(crash().python.version, "3.13.0b2");
}

TEST_F(DecodeTest, RuntimeFactsKeepWhatIsUnknown) {
  RuntimeSection runtime{};
  runtime.free_threaded = Known::kYes;
  runtime.finalizing = Known::kNo;
  runtime.collecting_garbage = Known::kUnknown;
  record.fault().runtime(runtime).end();
  EXPECT_TRUE(crash().python.free_threaded);
  EXPECT_EQ(crash().python.finalizing, false);
  EXPECT_EQ(crash().python.collecting_garbage, std::nullopt);
}

TEST_F(DecodeTest, TaskSectionNamesTheTaskOfTheThreadBeforeIt) {
  begun().crashed_thread({}).task("fetch 7").thread({.ident = 0x2}, {}).end();
  EXPECT_EQ(crash().threads.at(0).task, "fetch 7");
  EXPECT_EQ(crash().threads.at(1).task, "");
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, TaskThatNobodyNamedHasANumber) {
  begun().crashed_thread({}).task(unreadable(), 12).end();
  EXPECT_EQ(crash().threads.at(0).task, "Task-12");
}

TEST_F(DecodeTest, TaskOfAThreadThatIsNotThereIsNobodys) {
  begun().task("lost").crashed_thread({}).task("of another", 0, 0x3).end();
  EXPECT_EQ(crash().threads.at(0).task, "");
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, FrameTakesItsNamesFromItsCodeObject) {
  begun().code("/app/a.py", "A.f", "f").crashed_thread({at(0, 7)}).end();
  EXPECT_EQ(only_frame().kind, Frame::Kind::kCode);
  EXPECT_EQ(only_frame().file, "/app/a.py");
  EXPECT_EQ(only_frame().function, "A.f");
  EXPECT_EQ(only_frame().name, "f");
  EXPECT_EQ(only_frame().code, 0x7f0000010000u);
}

TEST_F(DecodeTest, FramesMayShareACodeObject) {
  begun().code("a.py", "f").code("a.py", "g").crashed_thread({at(1, 1), at(0, 2), at(1, 3)}).end();
  const auto frames = crash().threads.at(0).frames;
  EXPECT_EQ(frames.at(0).function, "g");
  EXPECT_EQ(frames.at(1).function, "f");
  EXPECT_EQ(frames.at(2).function, "g");
}

TEST_F(DecodeTest, FunctionBefore311IsTheName) {
  begun().code("a.py", "", "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().function, "f");
}

TEST_F(DecodeTest, UnreadableQualifiedNameGivesWayToTheName) {
  begun().code("a.py", unreadable(), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().function, "f");
  EXPECT_TRUE(only_frame().function_readable);
}

TEST_F(DecodeTest, UnreadableNamesAreSaidToBe) {
  begun().code(unreadable(), unreadable(), unreadable()).crashed_thread({at(0, 1)}).end();
  EXPECT_FALSE(only_frame().file_readable);
  EXPECT_FALSE(only_frame().function_readable);
  EXPECT_EQ(reason(), "a name cannot be read");
}

TEST_F(DecodeTest, QualifiedNameStandsWithoutTheName) {
  begun().code("a.py", "A.f", unreadable()).crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().function, "A.f");
  EXPECT_TRUE(only_frame().function_readable);
  EXPECT_EQ(only_frame().name, "");
}

TEST_F(DecodeTest, CutStringsEndInDots) {
  begun().code(cut("/very/long"), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().file, "/very/long...");
}

TEST_F(DecodeTest, StringsOfEveryUnitSizeBecomeUtf8) {
  begun().code("caf\xe9.py", ucs2(u"\u65e5\u672c"), ucs4(U"\U0001f40d")).crashed_thread({at(0, 1)});
  EXPECT_EQ(only_frame().file, "caf\u00e9.py");
  EXPECT_EQ(only_frame().function, "\u65e5\u672c");
  EXPECT_EQ(only_frame().name, "\U0001f40d");
}

TEST_F(DecodeTest, SurrogateInAFileNameIsSpelt) {
  begun().code(ucs2(u"bad\xdcff.py"), "f").crashed_thread({at(0, 1)}).end();
  EXPECT_EQ(only_frame().file, "bad\\udcff.py");
}

TEST_F(DecodeTest, PositionsAreKept) {
  begun().code("a.py", "f").crashed_thread({spanning(at(0, 10), 12, 4, 2)}).end();
  EXPECT_THAT(only_frame().line, Optional(10));
  EXPECT_THAT(only_frame().end_line, Optional(12));
  EXPECT_THAT(only_frame().column, Optional(4));
  EXPECT_THAT(only_frame().end_column, Optional(2));
}

TEST_F(DecodeTest, LineWithoutColumnsIsALine) {
  begun().code("a.py", "f").crashed_thread({at(0, 10)}).end();
  EXPECT_THAT(only_frame().line, Optional(10));
  EXPECT_EQ(only_frame().end_line, std::nullopt);
  EXPECT_EQ(only_frame().column, std::nullopt);
}

TEST_F(DecodeTest, UnknownLineHasNoPositionAtAll) {
  begun().code("a.py", "f").crashed_thread({spanning(at(0, kUnknownPosition), 3, 1, 2)}).end();
  EXPECT_EQ(only_frame().line, std::nullopt);
  EXPECT_EQ(only_frame().end_line, std::nullopt);
  EXPECT_EQ(only_frame().column, std::nullopt);
  EXPECT_EQ(only_frame().end_column, std::nullopt);
}

TEST_F(DecodeTest, LineZeroIsNoLine) {
  begun().code("a.py", "f").crashed_thread({at(0, 0)}).end();
  EXPECT_EQ(only_frame().line, std::nullopt);
}

TEST_F(DecodeTest, EndBeforeTheStartIsDropped) {
  begun()
      .code("a.py", "f")
      .crashed_thread({spanning(at(0, 10), 10, 8, 4), spanning(at(0, 10), 9, 1, 2)});
  const auto frames = crash().threads.at(0).frames;
  EXPECT_THAT(frames.at(0).column, Optional(8));
  EXPECT_EQ(frames.at(0).end_column, std::nullopt);
  EXPECT_EQ(frames.at(1).end_line, std::nullopt);
}

TEST_F(DecodeTest, FoldedFramesAreANumber) {
  begun().code("a.py", "f").crashed_thread({at(0, 1, UINT64_MAX)}).end();
  EXPECT_EQ(only_frame().repeat, UINT64_MAX);
  EXPECT_THAT(crash().threads.at(0).frames, SizeIs(1));
}

TEST_F(DecodeTest, GapsInTheStackAreNamed) {
  begun().crashed_thread({omitted(12), broken_at(0xbad), cycle()}).end();
  const auto frames = crash().threads.at(0).frames;
  EXPECT_EQ(frames.at(0).kind, Frame::Kind::kOmitted);
  EXPECT_EQ(frames.at(0).omitted, 12u);
  EXPECT_EQ(frames.at(1).kind, Frame::Kind::kUnreadable);
  EXPECT_EQ(frames.at(1).address, 0xbadu);
  EXPECT_EQ(frames.at(2).kind, Frame::Kind::kCycle);
}

TEST_F(DecodeTest, ABrokenStackOfTheFaultingThreadIsIncomplete) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), broken_at(0xbad)}).thread({}, {}).end();
  EXPECT_EQ(reason(), "the chain of frames is broken");
}

TEST_F(DecodeTest, SoIsOneThatIsACycle) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), cycle()}).end();
  EXPECT_EQ(reason(), "the chain of frames is broken");
}

TEST_F(DecodeTest, AnotherThreadsStackMayBeBroken) {
  begun().crashed_thread({}).thread({}, {broken_at(0xbad)}).end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, FramesThatWereLeftOutOnPurposeAreNoGap) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), omitted(70)}).end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, AStackTooDeepToBeFollowedIsNotCalledBroken) {
  begun().code("a.py", "f").crashed_thread({at(0, 1), too_deep()}).end();
  EXPECT_EQ(reason(), "the stack is too deep to be followed");
  EXPECT_EQ(crash().threads.at(0).frames.at(1).omitted, 0u);
}

TEST_F(DecodeTest, ThreadsKeepTheirIdentity) {
  begun().crashed_thread(
      {}, {.tid = 7, .ident = 9, .interpreter = 2, .list_position = 3, .name = "io"});
  const Thread thread = crash().threads.at(0);
  EXPECT_TRUE(thread.crashed);
  EXPECT_THAT(thread.tid, Optional(7));
  EXPECT_EQ(thread.ident, 9u);
  EXPECT_THAT(thread.interpreter, Optional(2));
  EXPECT_EQ(thread.list_position, 3u);
  EXPECT_EQ(thread.name, "io");
}

TEST_F(DecodeTest, ThreadWithoutATidHasNone) {
  begun().thread({.tid = 0}, {}).thread({.tid = -5}, {}).end();
  EXPECT_EQ(crash().threads.at(0).tid, std::nullopt);
  EXPECT_EQ(crash().threads.at(1).tid, std::nullopt);
}

TEST_F(DecodeTest, ThreadUnknownToPythonHasNoInterpreter) {
  begun().crashed_thread({}, {.interpreter = kNoInterpreter}).end();
  EXPECT_EQ(crash().threads.at(0).interpreter, std::nullopt);
}

TEST_F(DecodeTest, UnreadableThreadNameIsEmpty) {
  begun().thread({.name = unreadable()}, {}).end();
  EXPECT_EQ(crash().threads.at(0).name, "");
}

TEST_F(DecodeTest, ThreadNamesAreTranscoded) {
  begun().thread({.name = "caf\xe9"}, {}).end();
  EXPECT_EQ(crash().threads.at(0).name, "caf\u00e9");
}

TEST_F(DecodeTest, ThreadsKeepTheOrderOfTheRecord) {
  begun().crashed_thread({}, {.tid = 3}).thread({.tid = 1}, {}).thread({.tid = 2}, {}).end();
  EXPECT_THAT(crash().threads.at(0).tid, Optional(3));
  EXPECT_THAT(crash().threads.at(1).tid, Optional(1));
  EXPECT_THAT(crash().threads.at(2).tid, Optional(2));
}

TEST_F(DecodeTest, CrashedThreadIsFirstWhateverTheRecordSays) {
  begun().thread({.tid = 1}, {}).crashed_thread({}, {.tid = 2}).end();
  EXPECT_THAT(crash().threads.at(0).tid, Optional(2));
}

TEST_F(DecodeTest, CrashWithoutThreadsIsACrash) {
  begun().end();
  EXPECT_THAT(crash().threads, IsEmpty());
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, SectionsOfUnknownTagsAreSteppedOver) {
  record.section(99, 7, "before").fault().section(100, 1, "").runtime().section(101, 1, "x").end();
  EXPECT_TRUE(crash().complete);
}

TEST_F(DecodeTest, LongerSectionsOfTheSameVersionAreRead) {
  begun().section(5, kSectionVersion, std::string(40, '\0'));
  EXPECT_TRUE(crash().complete);
}

}  // namespace
}  // namespace pyfault::test
