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

TEST(Transcode, AsciiStaysAsItIs) {
  EXPECT_EQ(text("app.py"sv), "app.py");
}

TEST(Transcode, EmptyIsEmpty) {
  EXPECT_EQ(text(""sv), "");
}

TEST(Transcode, ControlCharactersAndNulStay) {
  EXPECT_EQ(text("a\n\0\x1b"sv), "a\n\0\x1b"sv);
}

TEST(Transcode, Latin1TakesTwoBytes) {
  EXPECT_EQ(text("\x80\xff"sv), "\xc2\x80\xc3\xbf");
}

TEST(Transcode, EveryLengthAtItsLimits) {
  EXPECT_EQ(text(U"\x7f\x80"sv), "\x7f\xc2\x80");
  EXPECT_EQ(text(U"\x7ff\x800"sv), "\xdf\xbf\xe0\xa0\x80");
  EXPECT_EQ(text(U"\xffff\U00010000"sv), "\xef\xbf\xbf\xf0\x90\x80\x80");
  EXPECT_EQ(text(U"\U0010ffff"sv), "\xf4\x8f\xbf\xbf");
}

TEST(Transcode, SurrogatesAreSpelt) {
  EXPECT_EQ(text(u"\xdc80"sv), "\\udc80");
  EXPECT_EQ(text(U"\xd800\xdfff"sv), "\\ud800\\udfff");
}

TEST(Transcode, SurrogatesAreNeverPaired) {
  EXPECT_EQ(text(u"\xd83d\xdc0d"sv), "\\ud83d\\udc0d");
}

TEST(Transcode, NeighboursOfSurrogatesAreCharacters) {
  EXPECT_EQ(text(u"\xd7ff\xe000"sv), "\xed\x9f\xbf\xee\x80\x80");
}

TEST(Transcode, NumbersBeyondUnicodeAreReplaced) {
  constexpr char32_t kBeyond[] = {0x110000, 0xffffffff};
  EXPECT_EQ(text(std::u32string_view(kBeyond, 2)), "\ufffd\ufffd");
}

TEST(Transcode, HalfAUnitIsIgnored) {
  EXPECT_EQ(transcode(std::as_bytes(std::span("abc"sv)), 2), "\u6261");
}

TEST(Transcode, UnknownUnitSizeIsNothing) {
  EXPECT_EQ(transcode(std::as_bytes(std::span("abc"sv)), 3), "");
}

}  // namespace
}  // namespace pyfault::test
