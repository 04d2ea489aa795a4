#include "watchdog/doctor/findings.h"

#include <gmock/gmock.h>
#include <signal.h>

namespace pyfault {
namespace {

using testing::HasSubstr;

Survey healthy_survey() {
  Survey survey;
  survey.implementation = "cpython";
  survey.version = "3.11.2";
  survey.preload = survey.agent = survey.ring = true;
  return survey;
}

Facts healthy() {
  Facts facts;
  facts.interpreter = "/opt/python3";
  facts.file = {.elf = true, .native = true, .dynamic = true, .musl = false, .privileged = false};
  facts.alone = healthy_survey();
  facts.watched = healthy_survey();
  return facts;
}

// One line per finding: "! what / advice" for an obstacle, "- what / advice" for a note.
std::string findings(const Facts& facts) {
  std::string text;
  for (const Finding& finding : findings_about(facts)) {
    const bool obstacle = finding.weight == Finding::Weight::kObstacle;
    text += (obstacle ? "! " : "- ") + finding.what + " / " + finding.advice + "\n";
  }
  return text;
}

TEST(FindingsTest, nothing_is_said_of_a_healthy_environment) {
  EXPECT_EQ(findings(healthy()), "");
}

TEST(FindingsTest, a_statically_linked_interpreter) {
  Facts facts = healthy();
  facts.file.dynamic = false;
  EXPECT_THAT(findings(facts), HasSubstr("! '/opt/python3' is statically linked"));
}

TEST(FindingsTest, an_interpreter_for_musl) {
  Facts facts = healthy();
  facts.file.musl = true;
  EXPECT_THAT(findings(facts), HasSubstr("! '/opt/python3' is linked against musl"));
}

TEST(FindingsTest, an_interpreter_for_another_processor) {
  Facts facts = healthy();
  facts.file.native = facts.file.dynamic = false;
  EXPECT_EQ(
      findings(facts),
      "! '/opt/python3' is not a 64-bit program for this processor / use a 64-bit interpreter "
      "for this processor\n");
}

TEST(FindingsTest, a_set_user_id_interpreter_is_the_reason_for_the_missing_preload) {
  Facts facts = healthy();
  facts.file.privileged = true;
  facts.watched->preload = facts.watched->agent = false;
  EXPECT_THAT(findings(facts), HasSubstr("! '/opt/python3' is set-user-ID"));
  EXPECT_EQ(findings_about(facts).size(), 1U);
}

TEST(FindingsTest, a_wrapper_that_strips_the_preload) {
  Facts facts = healthy();
  facts.watched->preload = facts.watched->agent = facts.watched->ring = false;
  EXPECT_THAT(findings(facts), HasSubstr("! '/opt/python3' runs without the agent"));
}

TEST(FindingsTest, what_the_loader_said_when_it_did_not_load_the_agent) {
  Facts facts = healthy();
  facts.watched->agent = facts.watched->ring = false;
  facts.loader_complaint = "ERROR: ld.so: no";
  EXPECT_THAT(findings(facts), HasSubstr("! the agent is not loaded: ERROR: ld.so: no"));
}

TEST(FindingsTest, an_agent_on_a_noexec_file_system) {
  Facts facts = healthy();
  facts.agent_on_noexec = true;
  EXPECT_THAT(findings(facts), HasSubstr("mounted noexec"));
}

TEST(FindingsTest, an_agent_that_does_not_get_through) {
  Facts facts = healthy();
  facts.watched->ring = false;
  EXPECT_THAT(findings(facts),
              HasSubstr("! '/opt/python3' has the agent loaded, which does not get through"));
}

TEST(FindingsTest, an_interpreter_that_is_left_alone_is_told_with_advice) {
  Facts facts = healthy();
  facts.watched->ring = false;
  facts.unwatched = unwatched(UnwatchedReason::kUnknownVersion, "3.99");
  EXPECT_EQ(findings(facts),
            "! '/opt/python3' is left alone: Python 3.99 is not known to this version / use a "
            "version of Python, or of pyfault-watchdog, that goes with the other\n");
}

TEST(FindingsTest, another_python) {
  Facts facts = healthy();
  facts.watched->implementation = "pypy";
  EXPECT_THAT(findings(facts), HasSubstr("! '/opt/python3' is pypy, not CPython"));
}

TEST(FindingsTest, a_program_that_is_no_python_at_all) {
  Facts facts;
  facts.interpreter = "/opt/python3";
  EXPECT_THAT(findings(facts), HasSubstr("! '/opt/python3' does not run Python code"));
}

TEST(FindingsTest, limits_that_are_too_low) {
  Facts facts = healthy();
  facts.open_files = 20;
  facts.address_space = rlim_t{100} << 20;
  facts.memfd = false;
  EXPECT_THAT(findings(facts), HasSubstr("! only 20 descriptors may be open"));
  EXPECT_THAT(findings(facts), HasSubstr("! the address space is limited to 100 MiB"));
  EXPECT_THAT(findings(facts), HasSubstr("! memfd_create(2) is refused"));
}

TEST(FindingsTest, what_is_only_worth_knowing_is_a_note) {
  Facts facts = healthy();
  facts.ptrace_scope = 3;
  facts.file_size = 1000;
  facts.stack = RLIM_INFINITY;
  facts.other_preload = "libother.so";
  facts.alone->seccomp = true;
  facts.alone->caught = std::uint64_t{1} << (SIGBUS - 1);
  const std::string text = findings(facts);
  for (const char* word :
       {"ptrace_scope is 3", "RLIMIT_FSIZE", "stack is unlimited", "libother.so", "seccomp filter",
        "another handler is installed when Python starts "
        "(SIGBUS)"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
  EXPECT_THAT(text, testing::Not(HasSubstr("!")));
}

TEST(FindingsTest, a_hostile_path_forges_no_line) {
  Facts facts = healthy();
  facts.interpreter = "/opt/x\ny";
  facts.file.dynamic = false;
  EXPECT_THAT(findings(facts), HasSubstr("'/opt/x\\ny'"));
}

TEST(FindingsTest, obstacles_come_first) {
  Facts facts = healthy();
  facts.ptrace_scope = 2;
  facts.open_files = 20;
  EXPECT_THAT(findings(facts), testing::StartsWith("! "));
}

}  // namespace
}  // namespace pyfault
