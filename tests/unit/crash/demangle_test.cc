#include "watchdog/crash/demangle.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(Demangle, SpellsTypes) {
  EXPECT_EQ(demangle("St13runtime_error"), "std::runtime_error");
  EXPECT_EQ(demangle("N3app6parser5ErrorE"), "app::parser::Error");
  EXPECT_EQ(demangle("PKc"), "char const*");
}

TEST(Demangle, LeavesWhatIsNoTypeAlone) {
  EXPECT_EQ(demangle(""), "");
  EXPECT_EQ(demangle("not mangled"), "not mangled");
}

TEST(Demangle, NoCharacterIsCutInTwo) {
  EXPECT_EQ(demangle("1\u00e9"), "1\u00e9");
}

// Spelt out, it is 2 to the power of 60 characters long.
TEST(Demangle, IsNotTalkedIntoGigabytes) {
  std::string bomb = "1aIiiE";
  for (char c = '0'; c < '9'; ++c) bomb = "1bI" + bomb + "S" + c + "_E";
  EXPECT_EQ(demangle(bomb), bomb);
  EXPECT_EQ(demangle("1aIS_S_E"), "1aIS_S_E");
}

TEST(Demangle, LongNamesStayAsTheyAre) {
  const std::string name(5000, 'P');
  EXPECT_EQ(demangle(name + 'c'), name + 'c');
}

}  // namespace
}  // namespace pyfault
