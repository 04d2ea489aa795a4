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

// Rows of what the interpreter's own traceback module printed; see generate.py beside them.
class AsTraceback : public testing::TestWithParam<int> {};

TEST_P(AsTraceback, EveryExpressionIsMarkedAlike) {
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

TEST(Carets, TheLineIsShownWithoutItsIndentation) {
  EXPECT_EQ(source_line(with_source(code_frame("app.py", 1, "f"), "\t  a + b  \r\n", 3, 8)),
            "a + b");
}

TEST(Carets, NothingIsSaidWhenTheWholeLineIsMeant) {
  EXPECT_EQ(marks("  a.b.c  ", 2, 7), "");
}

TEST(Carets, NothingIsSaidWithoutColumns) {
  EXPECT_EQ(caret_line(code_frame("app.py", 1, "f"), kPython313), "");
}

TEST(Carets, ColumnsBeyondTheLineAreNotTrusted) {
  EXPECT_EQ(marks("x = a", 4, 99), "");
  EXPECT_EQ(marks("x = a", 99, 100), "");
  EXPECT_EQ(marks("x = a", 4, 4), "");
  EXPECT_EQ(marks("x = a", 5, 4), "");
  EXPECT_EQ(marks("x = a", -1, 4), "");
  EXPECT_EQ(marks("", 0, 1), "");
}

TEST(Carets, ColumnsInsideACharacterAreNotTrusted) {
  EXPECT_EQ(marks("x = é + b", 5, 10), "");
}

TEST(Carets, ColumnsInTheIndentationBeginAtTheText) {
  EXPECT_EQ(marks("    ab", 2, 5), "^^^");
}

TEST(Carets, ARangeOfSeveralLinesIsMarkedToTheEndOfItsFirst) {
  Frame frame = with_source(code_frame("app.py", 1, "f"), "x = call(a,  \n", 4, 2);
  frame.end_line = 3;
  EXPECT_EQ(caret_line(frame, kPython313), "    ^^^^^^^");
}

TEST(Carets, ARangeOfSeveralWholeLinesIsNotMarked) {
  Frame frame = with_source(code_frame("app.py", 1, "f"), "  call(a,\n", 2, 2);
  frame.end_line = 3;
  EXPECT_EQ(caret_line(frame, kPython311), "");
}

// 3.11 and 3.12 themselves mark the wrong character here.
TEST(Carets, TheOperatorIsFoundAfterOperandsThatAreNotAscii) {
  EXPECT_EQ(marks("é + ü", 0, 7, kPython311), "~~^~~");
}

// traceback marks the bracket too.
TEST(Carets, ABracketBesideTheOperatorIsNotPartOfIt) {
  EXPECT_EQ(marks("a+(b)", 0, 5), "~^~~~");
}

TEST(Carets, CallsHaveTheirOwnMarksFrom313On) {
  EXPECT_EQ(marks("f(x) + 1", 0, 4, kPython311), "^^^^");
  EXPECT_EQ(marks("f(x) + 1", 0, 4, kPython313), "~^^^");
}

TEST(Carets, EscapedCharactersCountAsTheyAreShown) {
  EXPECT_EQ(marks("'\x1b' + b", 0, 7), "~~~~~~~^~~");
}

TEST(Carets, DeepBracketsOnAHugeLineAreNoDanger) {
  const std::string open(200'000, '(');
  EXPECT_EQ(marks("x = f" + open, 4, 200'005).size(), 200'005u);
  EXPECT_EQ(
      marks("x = " + std::string(100'000, '[') + std::string(100'000, ']') + "[0]", 4, 200'007)
          .substr(200'000),
      "~~~~^^^");
}

TEST(Carets, UnfinishedStringsArePlainlyMarked) {
  EXPECT_EQ(marks("x = a + 'b", 4, 10), "    ^^^^^^");
}

}  // namespace
}  // namespace pyfault
