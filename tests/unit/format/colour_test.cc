#include "watchdog/format/colour.h"

#include <gmock/gmock.h>

#include <regex>

#include "tests/unit/format/example_events.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

using testing::HasSubstr;

std::string without_colour(const std::string& text) {
  return std::regex_replace(text, std::regex("\033\\[[0-9;]*m"), "");
}

TEST(Colour, changes_no_word) {
  for (const Event& event : {event_with(example_crash()), event_with(damaged_crash()),
                             event_with(NoticeEvent{"said"}), event_with(StartEvent{})}) {
    EXPECT_EQ(without_colour(format_coloured_text(event)), format_text(event));
  }
}

TEST(Colour, a_crash_begins_in_red) {
  const std::string text = format_coloured_text(event_with(example_crash()));
  EXPECT_TRUE(text.starts_with("\033[1;31m2026-")) << text;
  EXPECT_THAT(text, HasSubstr("(null pointer), at 0x0\033[0m\n"));
}

TEST(Colour, marks_are_red_and_threads_bold) {
  const std::string text = format_coloured_text(event_with(example_crash()));
  EXPECT_THAT(text, HasSubstr("\n\033[1;31m                   ~"));
  EXPECT_THAT(text, HasSubstr("\n\033[1mThread 1234 "));
}

TEST(Colour, every_colour_ends_on_its_line) {
  const std::string text = format_coloured_text(event_with(example_crash()));
  EXPECT_FALSE(std::regex_search(text, std::regex("\033\\[1[^m]*m[^\033\n]*\n")));
}

}  // namespace
}  // namespace pyfault
