#include "watchdog/format/repeated_lines.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

std::string joined(std::string_view entries) {
  std::vector<std::string> list;
  for (const char entry : entries) list.push_back(std::string(1, entry) + '\n');
  return join_repeated(list);
}

TEST(RepeatedLines, different_entries_are_kept) {
  EXPECT_EQ(joined(""), "");
  EXPECT_EQ(joined("abc"), "a\nb\nc\n");
  EXPECT_EQ(joined("abab"), "a\nb\na\nb\n");
  EXPECT_EQ(joined("aab"), "a\na\nb\n");
}

TEST(RepeatedLines, one_that_recurs_is_counted) {
  EXPECT_EQ(joined("xaaaay"), "x\na\n  [Previous line repeated 3 more times]\ny\n");
}

TEST(RepeatedLines, a_group_that_recurs_is_counted) {
  EXPECT_EQ(joined("xabcabcabcay"),
            "x\na\nb\nc\n  [Previous 3 entries repeated 2 more times]\na\ny\n");
}

TEST(RepeatedLines, the_longest_fold_counts) {
  EXPECT_EQ(joined("aabaabaab"), "a\na\nb\n  [Previous 3 entries repeated 2 more times]\n");
}

TEST(RepeatedLines, a_long_recursion_is_short) {
  std::string entries;
  for (int i = 0; i < 1000; ++i) entries += "abcdefgh";
  EXPECT_EQ(joined(entries),
            "a\nb\nc\nd\ne\nf\ng\nh\n  [Previous 8 entries repeated 999 more times]\n");
}

}  // namespace
}  // namespace pyfault
