#include "watchdog/format/escape.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(EscapeText, OrdinaryTextOfEveryScriptIsKept) {
  const std::string text = "naïve 名前 नमस्ते \\n ~ 👩‍💻";
  EXPECT_EQ(escape_text(text), text);
}

TEST(EscapeText, NewlinesCannotForgeALine) {
  EXPECT_EQ(escape_text("a\nb\r\n\tc"), "a\\nb\\r\\n\\tc");
}

TEST(EscapeText, TerminalControlsAreSpeltInHexadecimal) {
  EXPECT_EQ(escape_text("\x1b[31m\x7f\xc2\x9b"), "\\x1b[31m\\x7f\\x9b");
}

TEST(EscapeText, ANulByteDoesNotEndTheText) {
  EXPECT_EQ(escape_text(std::string("a\0b", 3)), "a\\x00b");
}

TEST(EscapeText, BidirectionalControlsCannotReorderALine) {
  EXPECT_EQ(escape_text("\u202ea\u2066b\u2069\u200f\u061c"),
            "\\u202ea\\u2066b\\u2069\\u200f\\u061c");
}

TEST(EscapeText, UnicodeLineSeparatorsAreNewlinesToSome) {
  EXPECT_EQ(escape_text("\u2028\u2029\u0085"), "\\u2028\\u2029\\x85");
}

TEST(EscapeText, InvisibleCharactersAreSpeltOut) {
  EXPECT_EQ(escape_text("a\u200b\ufeff\u2060b\U000e0041"), "a\\u200b\\ufeff\\u2060b\\U000e0041");
}

TEST(EscapeText, BytesThatAreNotUtf8AreSpeltOneByOne) {
  EXPECT_EQ(escape_text("\xff\xc3(\xe5\x90"), "\\xff\\xc3(\\xe5\\x90");
}

TEST(EscapeText, OverlongAndSurrogateSequencesAreNotUtf8) {
  EXPECT_EQ(escape_text("\xc0\x8a"), "\\xc0\\x8a");
  EXPECT_EQ(escape_text("\xed\xb2\x80"), "\\xed\\xb2\\x80");
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(EscapeJson, WhatJsonAllowsRawBecomesAJsonEscape) {
  EXPECT_EQ(escape_json("\"\x7f\u009b\u202e\u2028\""), "\"\\u007f\\u009b\\u202e\\u2028\"");
}

TEST(EscapeJson, BeyondTheBasicPlaneASurrogatePairIsNeeded) {
  EXPECT_EQ(escape_json("\U000e0041"), "\\udb40\\udc41");
}

}  // namespace
}  // namespace pyfault
