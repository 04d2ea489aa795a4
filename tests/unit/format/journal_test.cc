#include "watchdog/format/journal.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <regex>
#include <set>

#include "tests/support/files.h"
#include "tests/unit/format/example_events.h"

namespace pyfault {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

std::vector<JournalField> fields_of(decltype(Event::body) body) {
  return journal_fields(event_with(std::move(body)), "words");
}

TEST(Journal, ACrashSaysWhereInWhichProcessAndHowBad) {
  const auto fields = fields_of(example_crash());
  EXPECT_THAT(fields, Contains(Pair("MESSAGE", "words")));
  EXPECT_THAT(fields, Contains(Pair("MESSAGE_ID", "0b7471c579644772864549ebc98f5c45")));
  EXPECT_THAT(fields, Contains(Pair("PRIORITY", "2")));
  EXPECT_THAT(fields, Contains(Pair("OBJECT_PID", "1234")));
  EXPECT_THAT(fields, Contains(Pair("CODE_FILE", "app.py")));
  EXPECT_THAT(fields, Contains(Pair("CODE_LINE", "3")));
  EXPECT_THAT(fields, Contains(Pair("CODE_FUNC", "Worker.run")));
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_CRASH_ID", "0123456789abcdef0123456789abcdef")));
}

TEST(Journal, AThreadUnknownToPythonHasNoPlace) {
  for (const auto& field : fields_of(damaged_crash())) {
    EXPECT_FALSE(field.first.starts_with("CODE_")) << field.second;
  }
}

TEST(Journal, AnExitHasSystemdsWordsForIt) {
  const auto fields = fields_of(killed_by(SIGKILL));
  EXPECT_THAT(fields, Contains(Pair("EXIT_CODE", "killed")));
  EXPECT_THAT(fields, Contains(Pair("EXIT_STATUS", "9")));
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_REASON", "signaled")));
}

TEST(Journal, WhatIsUnknownIsLeftOut) {
  for (const auto& [name, value] : fields_of(NoticeEvent{"said"})) EXPECT_NE(value, "") << name;
}

TEST(Journal, NamesAreSuchThatJournaldTakesThem) {
  const std::regex allowed("[A-Z][A-Z0-9_]{0,63}");
  for (const auto& [name, value] : fields_of(example_crash())) {
    EXPECT_TRUE(std::regex_match(std::string(name), allowed)) << name;
  }
}

TEST(Journal, EachKindOfEventHasAnIdOfItsOwn) {
  std::set<std::string_view> ids;
  for (const EventKind& kind : event_kinds()) ids.insert(kind.message_id);
  EXPECT_EQ(ids.size(), event_kinds().size());
}

TEST(Journal, TheCatalogueExplainsEveryId) {
  const std::string catalogue = test::read_file(PYFAULT_CATALOGUE);
  for (const EventKind& kind : event_kinds()) {
    const std::string entry = "-- " + std::string(kind.message_id) + "\nSubject: ";
    EXPECT_NE(catalogue.find(entry), catalogue.npos) << kind.name;
  }
}

TEST(Journal, MembersOfAnEventAreFields) {
  CrashLoopEvent loop;
  loop.failures = 5;
  loop.fingerprints = {"one", "two"};
  loop.gives_up = true;
  const auto fields = fields_of(loop);
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_FAILURES", "5")));
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_FINGERPRINTS", "one two")));
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_DECISION", "give-up")));
  EXPECT_THAT(fields, Not(Contains(Pair("PYFAULT_DELAY_SECONDS", testing::_))));
}

TEST(Journal, ACrashIsThereForCoredumpctlToo) {
  const auto fields = coredump_fields(event_with(example_crash()));
  EXPECT_THAT(fields, Contains(Pair("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_PID", "1234")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_SIGNAL", "11")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_TIMESTAMP", "1795419610123456")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_EXE", "/usr/bin/python3.11")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_CMDLINE", "python3 app.py --port 80")));
}

TEST(Journal, CoredumpctlGetsAUserAndAGroupWhateverIsKnown) {
  Event event = event_with(example_crash());
  EXPECT_THAT(coredump_fields(event), Contains(Pair("COREDUMP_UID", "65534")));
  event.process.uid = 33;
  event.process.gid = 44;
  EXPECT_THAT(coredump_fields(event), Contains(Pair("COREDUMP_UID", "33")));
  EXPECT_THAT(coredump_fields(event), Contains(Pair("COREDUMP_GID", "44")));
}

TEST(Journal, OnlyACrashIs) {
  EXPECT_THAT(coredump_fields(event_with(example_dump())), IsEmpty());
  EXPECT_THAT(coredump_fields(event_with(killed_by(SIGSEGV))), IsEmpty());
}

TEST(Journal, AValueOnOneLineIsWrittenPlainly) {
  EXPECT_EQ(journal_entry({{"A", "1"}, {"B", "x=y"}}), "A=1\nB=x=y\n");
}

TEST(Journal, AValueOfSeveralLinesHasItsSizeInFront) {
  const std::string size("\x04\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(journal_entry({{"A", "x\nyz"}}), "A\n" + size + "x\nyz\n");
}

TEST(Journal, AValueCannotForgeAField) {
  Event event = event_with(StartEvent{});
  event.process.name = "x\nPRIORITY=0";
  const std::string entry = journal_entry(journal_fields(event, "words"));
  const std::string size("\x0c\0\0\0\0\0\0\0", 8);
  EXPECT_NE(entry.find("PYFAULT_NAME\n" + size + "x\nPRIORITY=0\n"), entry.npos);
}

}  // namespace
}  // namespace pyfault
