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

TEST(Journal, a_crash_says_where_in_which_process_and_how_bad) {
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

TEST(Journal, a_diagnosis_is_a_sentence_and_a_kind) {
  const auto fields = fields_of(native_crash());
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_DIAGNOSIS_KIND", "null-pointer")));
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_DIAGNOSIS",
                                    "it read 0x10, a null pointer plus an offset; the address was "
                                    "rdi")));
}

TEST(Journal, each_annotation_is_a_field) {
  for (const auto& fields : {fields_of(crash_with_context()), [] {
                               ExitEvent exit = killed_by(SIGKILL);
                               exit.context = example_context();
                               return fields_of(exit);
                             }()}) {
    EXPECT_THAT(fields, Contains(Pair("PYFAULT_ANNOTATION_TASK", "resize")));
    EXPECT_THAT(fields, Contains(Pair("PYFAULT_ANNOTATION_USER", "a b")));
    EXPECT_THAT(fields, Contains(Pair("PYFAULT_HEARTBEAT_AGE_SECONDS", "1.250")));
    EXPECT_THAT(fields, Contains(Pair("PYFAULT_BREADCRUMBS",
                                      "2026-11-23T07:40:09.000000Z loaded 12 rows\n"
                                      "2026-11-23T07:40:10.000000Z GET /cart")));
  }
}

TEST(Journal, a_key_that_makes_no_field_is_none) {
  Crash crash = example_crash();
  crash.context.annotations = {{"a-b", "1"},
                               {"a b", "1"},
                               {"a=b\n", "1"},
                               {"\u00e4", "1"},
                               {"a", "1"},
                               {"A", "2"},
                               {std::string(46, 'x'), "1"}};
  std::vector<JournalField> annotations = fields_of(crash);
  std::erase_if(annotations,
                [](const auto& field) { return !field.first.starts_with("PYFAULT_ANNOTATION"); });
  EXPECT_THAT(annotations, testing::ElementsAre(Pair("PYFAULT_ANNOTATION_A", "1")));
}

TEST(Journal, only_so_many_annotations_are_fields) {
  Crash crash = example_crash();
  for (int i = 0; i < 100; ++i) crash.context.annotations.push_back({"k" + std::to_string(i), "1"});
  const auto fields = fields_of(crash);
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_ANNOTATION_K15", "1")));
  EXPECT_THAT(fields, Not(Contains(Pair("PYFAULT_ANNOTATION_K16", "1"))));
}

TEST(Journal, the_place_is_that_of_python_even_if_a_native_frame_is_known) {
  const auto fields = fields_of(native_crash());
  EXPECT_THAT(fields, Contains(Pair("CODE_FILE", "app.py")));
  EXPECT_THAT(fields, Contains(Pair("CODE_LINE", "3")));
  EXPECT_THAT(fields, Contains(Pair("CODE_FUNC", "leaf")));
}

TEST(Journal, a_thread_unknown_to_python_has_no_place) {
  for (const auto& field : fields_of(damaged_crash())) {
    EXPECT_FALSE(field.first.starts_with("CODE_")) << field.second;
  }
}

TEST(Journal, an_exit_has_systemds_words_for_it) {
  const auto fields = fields_of(killed_by(SIGKILL));
  EXPECT_THAT(fields, Contains(Pair("EXIT_CODE", "killed")));
  EXPECT_THAT(fields, Contains(Pair("EXIT_STATUS", "9")));
  EXPECT_THAT(fields, Contains(Pair("PYFAULT_REASON", "signaled")));
}

TEST(Journal, what_is_unknown_is_left_out) {
  for (const auto& [name, value] : fields_of(NoticeEvent{"said"})) EXPECT_NE(value, "") << name;
}

TEST(Journal, names_are_such_that_journald_takes_them) {
  const std::regex allowed("[A-Z][A-Z0-9_]{0,63}");
  for (const auto& [name, value] : fields_of(example_crash())) {
    EXPECT_TRUE(std::regex_match(std::string(name), allowed)) << name;
  }
}

TEST(Journal, each_kind_of_event_has_an_id_of_its_own) {
  std::set<std::string_view> ids;
  for (const EventKind& kind : event_kinds()) ids.insert(kind.message_id);
  EXPECT_EQ(ids.size(), event_kinds().size());
}

TEST(Journal, the_catalogue_explains_every_id) {
  const std::string catalogue = test::read_file(PYFAULT_CATALOGUE);
  for (const EventKind& kind : event_kinds()) {
    const std::string entry = "-- " + std::string(kind.message_id) + "\nSubject: ";
    EXPECT_NE(catalogue.find(entry), catalogue.npos) << kind.name;
  }
}

TEST(Journal, members_of_an_event_are_fields) {
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

TEST(Journal, a_crash_is_there_for_coredumpctl_too) {
  const auto fields = coredump_fields(event_with(example_crash()));
  EXPECT_THAT(fields, Contains(Pair("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_PID", "1234")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_SIGNAL", "11")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_TIMESTAMP", "1795419610123456")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_EXE", "/usr/bin/python3.11")));
  EXPECT_THAT(fields, Contains(Pair("COREDUMP_CMDLINE", "python3 app.py --port 80")));
}

TEST(Journal, coredumpctl_gets_a_user_and_a_group_whatever_is_known) {
  Event event = event_with(example_crash());
  EXPECT_THAT(coredump_fields(event), Contains(Pair("COREDUMP_UID", "65534")));
  event.process.uid = 33;
  event.process.gid = 44;
  EXPECT_THAT(coredump_fields(event), Contains(Pair("COREDUMP_UID", "33")));
  EXPECT_THAT(coredump_fields(event), Contains(Pair("COREDUMP_GID", "44")));
}

TEST(Journal, only_a_crash_is) {
  EXPECT_THAT(coredump_fields(event_with(example_dump())), IsEmpty());
  EXPECT_THAT(coredump_fields(event_with(killed_by(SIGSEGV))), IsEmpty());
}

TEST(Journal, a_value_on_one_line_is_written_plainly) {
  EXPECT_EQ(journal_entry({{"A", "1"}, {"B", "x=y"}}), "A=1\nB=x=y\n");
}

TEST(Journal, a_value_of_several_lines_has_its_size_in_front) {
  const std::string size("\x04\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(journal_entry({{"A", "x\nyz"}}), "A\n" + size + "x\nyz\n");
}

TEST(Journal, a_value_cannot_forge_a_field) {
  Event event = event_with(StartEvent{});
  event.process.name = "x\nPRIORITY=0";
  const std::string entry = journal_entry(journal_fields(event, "words"));
  const std::string size("\x0c\0\0\0\0\0\0\0", 8);
  EXPECT_NE(entry.find("PYFAULT_NAME\n" + size + "x\nPRIORITY=0\n"), entry.npos);
}

}  // namespace
}  // namespace pyfault
