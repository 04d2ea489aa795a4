#include "watchdog/format/escape.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(EscapeText, ordinary_text_of_every_script_is_kept) {
  const std::string text = "naïve 名前 नमस्ते \\n ~ 👩‍💻";
  EXPECT_EQ(escape_text(text), text);
}

TEST(EscapeText, newlines_cannot_forge_a_line) {
  EXPECT_EQ(escape_text("a\nb\r\n\tc"), "a\\nb\\r\\n\\tc");
}

TEST(EscapeText, terminal_controls_are_spelt_in_hexadecimal) {
  EXPECT_EQ(escape_text("\x1b[31m\x7f\xc2\x9b"), "\\x1b[31m\\x7f\\x9b");
}

TEST(EscapeText, a_nul_byte_does_not_end_the_text) {
  EXPECT_EQ(escape_text(std::string("a\0b", 3)), "a\\x00b");
}

TEST(EscapeText, bidirectional_controls_cannot_reorder_a_line) {
  EXPECT_EQ(escape_text("\u202ea\u2066b\u2069\u200f\u061c"),
            "\\u202ea\\u2066b\\u2069\\u200f\\u061c");
}

TEST(EscapeText, unicode_line_separators_are_newlines_to_some) {
  EXPECT_EQ(escape_text("\u2028\u2029\u0085"), "\\u2028\\u2029\\x85");
}

TEST(EscapeText, invisible_characters_are_spelt_out) {
  EXPECT_EQ(escape_text("a\u200b\ufeff\u2060b\U000e0041"), "a\\u200b\\ufeff\\u2060b\\U000e0041");
}

TEST(EscapeText, bytes_that_are_not_utf_8_are_spelt_one_by_one) {
  EXPECT_EQ(escape_text("\xff\xc3(\xe5\x90"), "\\xff\\xc3(\\xe5\\x90");
}

TEST(EscapeText, overlong_and_surrogate_sequences_are_not_utf_8) {
  EXPECT_EQ(escape_text("\xc0\x8a"), "\\xc0\\x8a");
  EXPECT_EQ(escape_text("\xed\xb2\x80"), "\\xed\\xb2\\x80");
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(EscapeJson, what_json_allows_raw_becomes_a_json_escape) {
  EXPECT_EQ(escape_json("\"\x7f\u009b\u202e\u2028\""), "\"\\u007f\\u009b\\u202e\\u2028\"");
}

TEST(EscapeJson, beyond_the_basic_plane_a_surrogate_pair_is_needed) {
  EXPECT_EQ(escape_json("\U000e0041"), "\\udb40\\udc41");
}

}  // namespace
}  // namespace pyfault
