#include "watchdog/format/carets.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/format/example_events.h"
#include "tests/unit/format/golden.h"
#include "watchdog/format/python_version.h"

namespace pyfault {
namespace {

constexpr auto kPython311 = python_version(3, 11);
constexpr auto kPython313 = python_version(3, 13);

std::string marks(const std::string& line, int column, int end_column,
                  std::uint32_t version = kPython313) {
  return caret_line(with_source(code_frame("app.py", 1, "f"), line, column, end_column), version);
}

// The expected carets were printed by the interpreter's own traceback module; see generate.py
// beside them.
class AsTraceback : public testing::TestWithParam<int> {};

TEST_P(AsTraceback, every_expression_is_marked_alike) {
  std::istringstream rows(golden("carets/3." + std::to_string(GetParam()) + ".txt"));
  int count = 0;
  for (std::string column, end, expected, line; std::getline(rows, column, '\t'); ++count) {
    std::getline(rows, end, '\t');
    std::getline(rows, expected, '\t');
    std::getline(rows, line);
    const auto version = python_version(3, static_cast<unsigned>(GetParam()));
    EXPECT_EQ(marks(line, std::stoi(column), std::stoi(end), version), expected)
        << line << " [" << column << ", " << end << ")";
  }
  EXPECT_GT(count, 600);
}

INSTANTIATE_TEST_SUITE_P(Python3, AsTraceback, testing::Values(11, 12, 13),
                         testing::PrintToStringParamName());

TEST(Carets, the_line_is_shown_without_its_indentation) {
  EXPECT_EQ(source_line(with_source(code_frame("app.py", 1, "f"), "\t  a + b  \r\n", 3, 8)),
            "a + b");
}

TEST(Carets, nothing_is_said_when_the_whole_line_is_meant) {
  EXPECT_EQ(marks("  a.b.c  ", 2, 7), "");
}

TEST(Carets, nothing_is_said_without_columns) {
  EXPECT_EQ(caret_line(code_frame("app.py", 1, "f"), kPython313), "");
}

TEST(Carets, columns_beyond_the_line_are_not_trusted) {
  EXPECT_EQ(marks("x = a", 4, 99), "");
  EXPECT_EQ(marks("x = a", 99, 100), "");
  EXPECT_EQ(marks("x = a", 4, 4), "");
  EXPECT_EQ(marks("x = a", 5, 4), "");
  EXPECT_EQ(marks("x = a", -1, 4), "");
  EXPECT_EQ(marks("", 0, 1), "");
}

TEST(Carets, columns_inside_a_character_are_not_trusted) {
  EXPECT_EQ(marks("x = é + b", 5, 10), "");
}

TEST(Carets, columns_in_the_indentation_begin_at_the_text) {
  EXPECT_EQ(marks("    ab", 2, 5), "^^^");
}

TEST(Carets, a_range_of_several_lines_is_marked_to_the_end_of_its_first) {
  Frame frame = with_source(code_frame("app.py", 1, "f"), "x = call(a,  \n", 4, 2);
  frame.end_line = 3;
  EXPECT_EQ(caret_line(frame, kPython313), "    ^^^^^^^");
}

TEST(Carets, a_range_of_several_whole_lines_is_not_marked) {
  Frame frame = with_source(code_frame("app.py", 1, "f"), "  call(a,\n", 2, 2);
  frame.end_line = 3;
  EXPECT_EQ(caret_line(frame, kPython311), "");
}

// CPython 3.11 and 3.12 themselves mark the wrong character here.
TEST(Carets, the_operator_is_found_after_operands_that_are_not_ascii) {
  EXPECT_EQ(marks("é + ü", 0, 7, kPython311), "~~^~~");
}

// CPython's traceback module marks the bracket as well.
TEST(Carets, a_bracket_beside_the_operator_is_not_part_of_it) {
  EXPECT_EQ(marks("a+(b)", 0, 5), "~^~~~");
}

TEST(Carets, calls_have_their_own_marks_from_313_on) {
  EXPECT_EQ(marks("f(x) + 1", 0, 4, kPython311), "^^^^");
  EXPECT_EQ(marks("f(x) + 1", 0, 4, kPython313), "~^^^");
}

TEST(Carets, escaped_characters_count_as_they_are_shown) {
  EXPECT_EQ(marks("'\x1b' + b", 0, 7), "~~~~~~~^~~");
}

TEST(Carets, deep_brackets_on_a_huge_line_are_no_danger) {
  const std::string open(200'000, '(');
  EXPECT_EQ(marks("x = f" + open, 4, 200'005).size(), 200'005u);
  EXPECT_EQ(
      marks("x = " + std::string(100'000, '[') + std::string(100'000, ']') + "[0]", 4, 200'007)
          .substr(200'000),
      "~~~~^^^");
}

TEST(Carets, unfinished_strings_are_plainly_marked) {
  EXPECT_EQ(marks("x = a + 'b", 4, 10), "    ^^^^^^");
}

}  // namespace
}  // namespace pyfault
