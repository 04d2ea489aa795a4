#include "watchdog/doctor/survey.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

TEST(SurveyTest, facts_are_found_among_other_output) {
  const auto survey = parse_survey(
      "warning: x=y\nsurvey:implementation=cpython\nsurvey:version=3.8.1\nsurvey:executable=/a=b\n"
      "survey:preload=1\nsurvey:agent=1\nsurvey:ring=0\nsurvey:seccomp=1\nsurvey:caught=4a0\n");
  ASSERT_TRUE(survey);
  EXPECT_EQ(survey->implementation, "cpython");
  EXPECT_EQ(survey->version, "3.8.1");
  EXPECT_EQ(survey->executable, "/a=b");
  EXPECT_TRUE(survey->preload && survey->agent && survey->seccomp);
  EXPECT_FALSE(survey->ring);
  EXPECT_EQ(survey->caught, 0x4a0U);
}

TEST(SurveyTest, an_answer_that_breaks_off_is_none) {
  EXPECT_FALSE(parse_survey(""));
  EXPECT_FALSE(parse_survey("survey:implementation=cpython\n"));
}

TEST(SurveyTest, the_last_line_that_says_something) {
  EXPECT_EQ(last_line("a\nb\n\n"), "b");
  EXPECT_EQ(last_line("a"), "a");
  EXPECT_EQ(last_line(""), "");
}

TEST(SurveyTest, the_loaders_complaint_is_the_one_about_ours) {
  const std::string ours = "ERROR: ld.so: object 'x/libpyfault_agent.so' cannot be preloaded";
  EXPECT_EQ(loader_complaint("ERROR: ld.so: object 'y.so' cannot\n" + ours + "\nmore\n"), ours);
  EXPECT_EQ(loader_complaint("libpyfault_agent is mentioned\n"), "");
}

}  // namespace
}  // namespace pyfault
