#include "agent/cpython/debug_offsets.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "agent/cpython/versions.h"
#include "tests/unit/agent/guarded.h"

namespace pyfault::test {
namespace {

// The fields of _Py_DebugOffsets in CPython 3.13 that the agent checks: byte offset and expected
// value.
struct Said {
  std::size_t at;
  std::uint64_t value;
};
constexpr Said kSaid[] = {{8, 0x030d00f0}, {16, 0},    {32, 608},  {40, 632},  {56, 7272},
                          {64, 7264},      {72, 7344}, {168, 8},   {184, 72},  {192, 152},
                          {200, 160},      {232, 8},   {240, 0},   {248, 56},  {256, 72},
                          {264, 70},       {280, 112}, {288, 120}, {296, 128}, {304, 136},
                          {312, 68},       {344, 200}, {360, 8},   {392, 168}, {520, 16},
                          {528, 32},       {544, 32},  {552, 16},  {560, 40}};

class DebugOffsets : public ::testing::Test {
 protected:
  DebugOffsets() : runtime_(128) {
    std::memcpy(runtime_.data(), "xdebugpy", 8);
    for (const Said& said : kSaid) word(said.at) = said.value;
  }
  std::uint64_t& word(std::size_t at) { return runtime_[at / 8]; }
  DebugCheck check(unsigned minor = 13) {
    return check_debug_offsets(*find_version(minor, false), address_of(runtime_.data()));
  }

  std::vector<std::uint64_t> runtime_;
};

TEST_F(DebugOffsets, agree_with_the_table) {
  EXPECT_EQ(check(), DebugCheck::kNone);
}

TEST_F(DebugOffsets, are_refused_when_any_one_differs) {
  for (const Said& said : kSaid) {
    word(said.at) += 0x01000000;
    EXPECT_NE(check(), DebugCheck::kNone) << "at " << said.at;
    word(said.at) -= 0x01000000;
  }
}

TEST_F(DebugOffsets, name_the_check_that_failed) {
  word(32) = 9999;
  EXPECT_EQ(check(), DebugCheck::kFirstOffset);
}

TEST_F(DebugOffsets, need_their_cookie) {
  word(0) = 0;
  EXPECT_EQ(check(), DebugCheck::kCookie);
}

TEST_F(DebugOffsets, of_another_version_are_refused) {
  EXPECT_EQ(check(14), DebugCheck::kVersion);
}

TEST_F(DebugOffsets, do_not_exist_before_313) {
  word(0) = 0;
  EXPECT_EQ(check(12), DebugCheck::kNone);
}

TEST(LayoutTables, know_every_version_from_38_to_315) {
  for (unsigned minor = 8; minor <= 15; ++minor) EXPECT_NE(find_version(minor, false), nullptr);
  for (unsigned minor = 13; minor <= 15; ++minor) EXPECT_NE(find_version(minor, true), nullptr);
}

TEST(LayoutTables, guess_nothing) {
  EXPECT_EQ(find_version(7, false), nullptr);
  EXPECT_EQ(find_version(12, true), nullptr);
  EXPECT_EQ(find_version(16, false), nullptr);
}

}  // namespace
}  // namespace pyfault::test
