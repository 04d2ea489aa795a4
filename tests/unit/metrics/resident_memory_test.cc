#include "watchdog/metrics/resident_memory.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace pyfault {
namespace {

TEST(ResidentMemory, IsTheSecondNumberInPages) {
  EXPECT_EQ(resident_memory("1000 25 3 4 0 6 0\n", 4096), 25 * 4096);
}

TEST(ResidentMemory, WhatIsNoNumberIsUnknown) {
  EXPECT_EQ(resident_memory("", 4096), std::nullopt);
  EXPECT_EQ(resident_memory("1000 x", 4096), std::nullopt);
}

TEST(ResidentMemory, WeHaveSome) {
  EXPECT_GT(resident_memory(::getpid()), 0);
}

TEST(ResidentMemory, AProcessThatDoesNotExistHasNone) {
  EXPECT_EQ(resident_memory(0), std::nullopt);
}

}  // namespace
}  // namespace pyfault
