#include "watchdog/crash/utf8.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace pyfault::test {
namespace {

using namespace std::string_view_literals;

template <typename Unit>
std::string text(std::basic_string_view<Unit> units) {
  return transcode(std::as_bytes(std::span(units)), sizeof(Unit));
}

void expect_first(std::string_view text, char32_t value, std::size_t bytes) {
  const CodePoint first = first_code_point(text);
  EXPECT_EQ(first.value, value);
  EXPECT_EQ(first.bytes, bytes);
  EXPECT_TRUE(first.valid);
}

void expect_invalid(std::string_view text) {
  const CodePoint first = first_code_point(text);
  EXPECT_EQ(first.value, static_cast<unsigned char>(text[0]));
  EXPECT_EQ(first.bytes, 1u);
  EXPECT_FALSE(first.valid);
}

TEST(FirstCodePoint, of_each_length) {
  expect_first("ab", U'a', 1);
  expect_first("\0"sv, U'\0', 1);
  expect_first("\u00e9b", U'\u00e9', 2);
  expect_first("\u20acb", U'\u20ac', 3);
  expect_first("\U0010ffff", U'\U0010ffff', 4);
}

TEST(FirstCodePoint, anything_else_is_one_byte) {
  for (const std::string_view bytes :
       {"\x80"sv, "\xc0\xaf"sv, "\xe0\x80\x80"sv, "\xed\xb2\x80"sv, "\xe2\x82"sv, "\xe2\x82z"sv,
        "\xf4\x90\x80\x80"sv, "\xff"sv}) {
    expect_invalid(bytes);
  }
}

TEST(IsCharacterBoundary, is_where_text_may_be_split) {
  EXPECT_TRUE(is_character_boundary("\u00e9b", 0));
  EXPECT_FALSE(is_character_boundary("\u00e9b", 1));
  EXPECT_TRUE(is_character_boundary("\u00e9b", 2));
  EXPECT_TRUE(is_character_boundary("\u00e9b", 3));
}

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

TEST(Transcode, ascii_stays_as_it_is) {
  EXPECT_EQ(text("app.py"sv), "app.py");
}

TEST(Transcode, empty_is_empty) {
  EXPECT_EQ(text(""sv), "");
}

TEST(Transcode, control_characters_and_nul_stay) {
  EXPECT_EQ(text("a\n\0\x1b"sv), "a\n\0\x1b"sv);
}

TEST(Transcode, latin_1_takes_two_bytes) {
  EXPECT_EQ(text("\x80\xff"sv), "\xc2\x80\xc3\xbf");
}

TEST(Transcode, every_length_at_its_limits) {
  EXPECT_EQ(text(U"\x7f\x80"sv), "\x7f\xc2\x80");
  EXPECT_EQ(text(U"\x7ff\x800"sv), "\xdf\xbf\xe0\xa0\x80");
  EXPECT_EQ(text(U"\xffff\U00010000"sv), "\xef\xbf\xbf\xf0\x90\x80\x80");
  EXPECT_EQ(text(U"\U0010ffff"sv), "\xf4\x8f\xbf\xbf");
}

TEST(Transcode, surrogates_are_spelt) {
  EXPECT_EQ(text(u"\xdc80"sv), "\\udc80");
  EXPECT_EQ(text(U"\xd800\xdfff"sv), "\\ud800\\udfff");
}

TEST(Transcode, surrogates_are_never_paired) {
  EXPECT_EQ(text(u"\xd83d\xdc0d"sv), "\\ud83d\\udc0d");
}

TEST(Transcode, neighbours_of_surrogates_are_characters) {
  EXPECT_EQ(text(u"\xd7ff\xe000"sv), "\xed\x9f\xbf\xee\x80\x80");
}

TEST(Transcode, numbers_beyond_unicode_are_replaced) {
  constexpr char32_t kBeyond[] = {0x110000, 0xffffffff};
  EXPECT_EQ(text(std::u32string_view(kBeyond, 2)), "\ufffd\ufffd");
}

TEST(Transcode, half_a_unit_is_ignored) {
  EXPECT_EQ(transcode(std::as_bytes(std::span("abc"sv)), 2), "\u6261");
}

TEST(Transcode, unknown_unit_size_is_nothing) {
  EXPECT_EQ(transcode(std::as_bytes(std::span("abc"sv)), 3), "");
}

}  // namespace
}  // namespace pyfault::test
