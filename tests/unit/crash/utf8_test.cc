#include "watchdog/crash/utf8.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(ReplaceInvalidUtf8, LeavesValidTextAlone) {
  EXPECT_EQ(replace_invalid_utf8("caf\u00e9 \U0001f40d\t"), "caf\u00e9 \U0001f40d\t");
}

TEST(ReplaceInvalidUtf8, KeepsNuls) {
  EXPECT_EQ(replace_invalid_utf8(std::string_view("a\0b", 3)), std::string("a\0b", 3));
}

TEST(ReplaceInvalidUtf8, ALatin1LetterCostsNoOtherCharacter) {
  EXPECT_EQ(replace_invalid_utf8("caf\xe9\")"), "caf\ufffd\")");
}

TEST(ReplaceInvalidUtf8, ACutCharacterAtTheEnd) {
  EXPECT_EQ(replace_invalid_utf8("a\xe2\x82"), "a\ufffd\ufffd");
}

TEST(ReplaceInvalidUtf8, OverlongFormsAreInvalid) {
  EXPECT_EQ(replace_invalid_utf8("\xc0\xaf"), "\ufffd\ufffd");
}

TEST(ReplaceInvalidUtf8, SurrogatesAreInvalid) {
  EXPECT_EQ(replace_invalid_utf8("\xed\xb2\x80"), "\ufffd\ufffd\ufffd");
}

TEST(CutUtf8, LeavesAShortLineAlone) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
}

TEST(CutUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(cut_utf8("ab\u20ac", 4), "ab");
}

TEST(CutUtf8, CutsGarbageAnywhere) {
  EXPECT_EQ(cut_utf8("\x80\x80\x80\x80\x80\x80\x80\x80", 7).size(), 3u);
}

}  // namespace
}  // namespace pyfault
