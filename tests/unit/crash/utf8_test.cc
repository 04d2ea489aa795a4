#include "watchdog/crash/utf8.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(ReplaceInvalidUtf8, leaves_valid_text_alone) {
  EXPECT_EQ(replace_invalid_utf8("caf\u00e9 \U0001f40d\t"), "caf\u00e9 \U0001f40d\t");
}

TEST(ReplaceInvalidUtf8, keeps_nuls) {
  EXPECT_EQ(replace_invalid_utf8(std::string_view("a\0b", 3)), std::string("a\0b", 3));
}

TEST(ReplaceInvalidUtf8, a_latin_1_letter_costs_no_other_character) {
  EXPECT_EQ(replace_invalid_utf8("caf\xe9\")"), "caf\ufffd\")");
}

TEST(ReplaceInvalidUtf8, a_cut_character_at_the_end) {
  EXPECT_EQ(replace_invalid_utf8("a\xe2\x82"), "a\ufffd\ufffd");
}

TEST(ReplaceInvalidUtf8, overlong_forms_are_invalid) {
  EXPECT_EQ(replace_invalid_utf8("\xc0\xaf"), "\ufffd\ufffd");
}

TEST(ReplaceInvalidUtf8, surrogates_are_invalid) {
  EXPECT_EQ(replace_invalid_utf8("\xed\xb2\x80"), "\ufffd\ufffd\ufffd");
}

TEST(CutUtf8, leaves_a_short_line_alone) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
}

TEST(CutUtf8, cuts_between_characters) {
  EXPECT_EQ(cut_utf8("ab\u20ac", 4), "ab");
}

TEST(CutUtf8, cuts_garbage_anywhere) {
  EXPECT_EQ(cut_utf8("\x80\x80\x80\x80\x80\x80\x80\x80", 7).size(), 3u);
}

}  // namespace
}  // namespace pyfault
