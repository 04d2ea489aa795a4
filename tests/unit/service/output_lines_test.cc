#include "watchdog/service/output_lines.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

constexpr std::int64_t kNow = 1'795'419'610'123'456'000;
const std::string kStamp = "2026-11-23T07:40:10.123456Z web: ";

TEST(OutputLines, each_line_has_time_and_name) {
  OutputLines lines("web");
  EXPECT_EQ(lines.take("one\ntwo\n", kNow), kStamp + "one\n" + kStamp + "two\n");
}

TEST(OutputLines, a_line_is_given_out_when_it_is_whole) {
  OutputLines lines("web");
  EXPECT_EQ(lines.take("begun", kNow), "");
  EXPECT_EQ(lines.take(", ended\nnext", kNow), kStamp + "begun, ended\n");
}

TEST(OutputLines, a_last_line_needs_no_newline) {
  OutputLines lines("web");
  lines.take("the end", kNow);
  EXPECT_EQ(lines.finish(kNow), kStamp + "the end\n");
  EXPECT_EQ(lines.finish(kNow), "");
}

TEST(OutputLines, an_empty_line_is_one) {
  OutputLines lines("web");
  EXPECT_EQ(lines.take("\n", kNow), kStamp + "\n");
}

TEST(OutputLines, bytes_stay_as_they_are) {
  OutputLines lines("web");
  EXPECT_EQ(lines.take(std::string("\xff\0\x1b\r\n", 5), kNow),
            kStamp + std::string("\xff\0\x1b\r\n", 5));
}

TEST(OutputLines, a_line_without_end_is_cut_and_nothing_of_it_lost) {
  OutputLines lines("web");
  const std::string piece(kMaxOutputLine, 'x');
  EXPECT_EQ(lines.take(piece + piece + "y\n", kNow),
            kStamp + piece + "\n" + kStamp + piece + "\n" + kStamp + "y\n");
}

TEST(OutputLines, a_line_of_the_longest_length_is_one) {
  OutputLines lines("web");
  const std::string piece(kMaxOutputLine - 1, 'x');
  EXPECT_EQ(lines.take(piece + "\n", kNow), kStamp + piece + "\n");
}

TEST(OutputTail, keeps_the_last_of_it) {
  constexpr std::size_t kSize = 1000;
  OutputTail tail(kSize);
  tail.add("first");
  EXPECT_EQ(tail.text(), "first");
  for (int i = 0; i < 1000; ++i) tail.add(std::string(999, 'x') + "\n");
  tail.add("last");
  EXPECT_EQ(tail.text().size(), kSize);
  EXPECT_TRUE(tail.text().ends_with("x\nlast"));
}

}  // namespace
}  // namespace pyfault
