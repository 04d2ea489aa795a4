#include "agent/in_signal/sealed_state.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>

namespace pyfault::test {
namespace {

// Simulates a stray write by the program.
void overwrite(void* place) {
  std::memset(place, 0xdd, sizeof(void*));
}

TEST(SealedState, is_open_until_it_is_sealed) {
  EXPECT_EXIT(
      {
        overwrite(&sealed_state);
        _exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SealedState, faults_at_a_stray_write) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, SIG_DFL);
        seal_state();
        overwrite(&sealed_state.agent.watchdog.ring);
      },
      testing::KilledBySignal(SIGSEGV), "");
}

TEST(SealedState, can_still_be_read) {
  EXPECT_EXIT(
      {
        seal_state();
        _exit(sealed_state.armed ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SealedState, shares_its_pages_with_nothing) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&sealed_state) % kPageSize, 0u);
  EXPECT_EQ(sizeof sealed_state % kPageSize, 0u);
}

}  // namespace
}  // namespace pyfault::test
