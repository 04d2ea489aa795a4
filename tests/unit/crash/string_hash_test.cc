#include "watchdog/crash/string_hash.h"

#include <gtest/gtest.h>

#include <string_view>

namespace pyfault::test {
namespace {

// The values that CPython 3.11.2 and 3.10.13 computed with PYTHONHASHSEED=7.
constexpr std::uint64_t kHashKey[2] = {0x12c874a1806f0e3d, 0x470a89d2f9d2784f};

std::uint64_t hash(std::uint32_t version, std::string_view text) {
  return string_hasher(version, kHashKey)(std::as_bytes(std::span(text)));
}

TEST(StringHash, is_that_of_311) {
  EXPECT_EQ(hash(0x030b02f0, "main"), 0xa74a6bd762e63276U);
  EXPECT_EQ(hash(0x030b02f0, "<module>"), 0x7aa01e0ca613e5e8U);
  EXPECT_EQ(hash(0x030b02f0, "/app/main.py"), 0x746acefacfe0fb3bU);
}

TEST(StringHash, is_that_of_310) {
  EXPECT_EQ(hash(0x030a0df0, "main"), 0x53c50c7983446a20U);
  EXPECT_EQ(hash(0x030a0df0, "<module>"), 0x396d9b620b91a41fU);
  EXPECT_EQ(hash(0x030a0df0, "/app/main.py"), 0xcc520ae3a7675278U);
}

TEST(StringHash, is_of_the_units_as_they_are) {
  EXPECT_EQ(hash(0x030b02f0, "\xe5\x65\x2c\x67"), 0xdf1f118bf4ffe84bU);
}

}  // namespace
}  // namespace pyfault::test
