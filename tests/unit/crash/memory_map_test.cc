#include "watchdog/crash/memory_map.h"

#include <gmock/gmock.h>

#include <string>

namespace pyfault {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr char kMaps[] =
    "00400000-00401000 r-xp 00002000 fe:01 77                                 /usr/bin/a b\n"
    "00401000-00403000 rw-s 00000000 00:01 1024                               /memfd:x (deleted)\n"
    "7ffd0000-7ffd8000 rw-p 00000000 00:00 0                                  [stack]\n"
    "7ffe0000-7ffe1000 ---p 00000000 00:00 0 \n";

TEST(MemoryMap, every_member_of_a_mapping_is_read) {
  const MemoryMap map(kMaps);
  ASSERT_THAT(map.mappings(), SizeIs(4));
  const Mapping& first = map.mappings()[0];
  EXPECT_EQ(first.start, 0x400000U);
  EXPECT_EQ(first.end, 0x401000U);
  EXPECT_TRUE(first.readable && first.executable && !first.writable && !first.shared);
  EXPECT_EQ(first.offset, 0x2000U);
  EXPECT_EQ(first.device, 0xfe01U);
  EXPECT_EQ(first.inode, 77U);
  EXPECT_EQ(first.path, "/usr/bin/a b");
}

TEST(MemoryMap, a_deleted_file_keeps_its_path) {
  const MemoryMap map(kMaps);
  const Mapping& second = map.mappings()[1];
  EXPECT_EQ(second.path, "/memfd:x");
  EXPECT_TRUE(second.deleted);
  EXPECT_TRUE(second.shared);
}

TEST(MemoryMap, a_mapping_may_have_no_name) {
  EXPECT_EQ(MemoryMap(kMaps).mappings()[3].path, "");
}

TEST(MemoryMap, an_address_is_found_in_its_mapping) {
  const MemoryMap map(kMaps);
  EXPECT_EQ(map.find(0x400000)->path, "/usr/bin/a b");
  EXPECT_EQ(map.find(0x400fff)->path, "/usr/bin/a b");
  EXPECT_EQ(map.find(0x401000)->path, "/memfd:x");
  EXPECT_EQ(map.find(0x403000), nullptr);
  EXPECT_EQ(map.find(0), nullptr);
  EXPECT_EQ(map.find(UINT64_MAX), nullptr);
}

TEST(MemoryMap, the_neighbours_of_an_address_outside_are_found) {
  const MemoryMap map(kMaps);
  EXPECT_EQ(map.below(0x403000)->path, "/memfd:x");
  EXPECT_EQ(map.above(0x403000)->path, "[stack]");
  EXPECT_EQ(map.below(0x3fffff), nullptr);
  EXPECT_EQ(map.above(0x7ffe0000), nullptr);
}

TEST(MemoryMap, a_name_that_looks_like_a_line_is_a_name) {
  const MemoryMap map("00400000-00401000 r-xp 00000000 00:00 5 /a\\012b-00900000 r-xp\n");
  ASSERT_THAT(map.mappings(), SizeIs(1));
  EXPECT_EQ(map.mappings()[0].path, "/a\\012b-00900000 r-xp");
}

TEST(MemoryMap, malformed_lines_are_left_out) {
  for (const char* line : {"", "\n", "x", "00400000-", "00401000-00400000 r-xp 0 0:0 0 x",
                           "00400000-00401000 r-x 0 0:0 0 x", "00400000-00401000 r-xp",
                           "-1-00401000 r-xp 0 0:0 0 x", "99999999999999999-1 r-xp 0 0:0 0 x"}) {
    EXPECT_THAT(MemoryMap(line).mappings(), IsEmpty()) << line;
  }
}

TEST(MemoryMap, lines_out_of_order_are_left_out) {
  const std::string text(kMaps);
  EXPECT_THAT(MemoryMap(text + text).mappings(), SizeIs(4));
}

TEST(MemoryMap, a_name_that_is_not_utf_8_becomes_it) {
  const MemoryMap map("00400000-00401000 r-xp 00000000 00:00 5 /\xff\n");
  EXPECT_EQ(map.mappings()[0].path, "/\uFFFD");
}

}  // namespace
}  // namespace pyfault
