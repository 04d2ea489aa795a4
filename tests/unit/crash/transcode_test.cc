#include "watchdog/crash/transcode.h"

#include <gtest/gtest.h>

#include <string_view>

namespace pyfault::test {
namespace {

template <typename Unit>
std::string text(std::basic_string_view<Unit> units) {
  return transcode(std::as_bytes(std::span(units)), sizeof(Unit));
}

using namespace std::string_view_literals;

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
