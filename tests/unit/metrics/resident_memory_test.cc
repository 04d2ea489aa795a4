#include "watchdog/metrics/resident_memory.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace pyfault {
namespace {

TEST(ResidentMemory, is_the_second_number_in_pages) {
  EXPECT_EQ(resident_memory("1000 25 3 4 0 6 0\n", 4096), 25 * 4096);
}

TEST(ResidentMemory, what_is_no_number_is_unknown) {
  EXPECT_EQ(resident_memory("", 4096), std::nullopt);
  EXPECT_EQ(resident_memory("1000 x", 4096), std::nullopt);
}

TEST(ResidentMemory, we_have_some) {
  EXPECT_GT(resident_memory(::getpid()), 0);
}

TEST(ResidentMemory, a_process_that_does_not_exist_has_none) {
  EXPECT_EQ(resident_memory(0), std::nullopt);
}

}  // namespace
}  // namespace pyfault
