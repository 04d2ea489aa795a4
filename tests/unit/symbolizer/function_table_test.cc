// Where functions begin, by the table of an ELF file.
#include <elf.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/elf_head.h"
#include "watchdog/symbolizer/function_table.h"

namespace pyfault::test {
namespace {

constexpr std::uint64_t kTable = 0x5000;  // its address

struct FunctionTableTest : testing::Test {
  FunctionTableTest() {
    head.e_phnum = 1;
    segment.p_type = PT_GNU_EH_FRAME;
    segment.p_offset = sizeof head + sizeof segment;
    segment.p_vaddr = kTable;
  }

  template <typename T>
  void append(const T& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    image.insert(image.end(), bytes, bytes + sizeof value);
  }
  void functions_at(const std::vector<std::uint64_t>& beginnings) {
    image.clear();
    append(head);
    append(segment);
    append(encodings);
    append(std::int32_t{0});
    append(static_cast<std::uint32_t>(beginnings.size() + claimed_too_many));
    for (const std::uint64_t beginning : beginnings) {
      append(static_cast<std::int32_t>(beginning - kTable));
      append(std::int32_t{0});
    }
  }
  std::optional<std::uint64_t> before(std::uint64_t address) const {
    return FunctionTable(image).beginning_before(address);
  }

  Elf64_Ehdr head = loadable_head();
  Elf64_Phdr segment{};
  std::uint32_t encodings = 0x3b'03'1b'01;  // as linkers have it
  std::size_t claimed_too_many = 0;
  std::vector<std::byte> image;
};

TEST_F(FunctionTableTest, an_address_is_of_the_last_function_before_it) {
  functions_at({0x1000, 0x1040, 0x9000});
  EXPECT_EQ(before(0x1000), 0x1000);
  EXPECT_EQ(before(0x103f), 0x1000);
  EXPECT_EQ(before(0x1040), 0x1040);
  EXPECT_EQ(before(0xffff), 0x9000);
}

TEST_F(FunctionTableTest, before_the_first_function_there_is_none) {
  functions_at({0x1000});
  EXPECT_EQ(before(0xfff), std::nullopt);
}

TEST_F(FunctionTableTest, a_table_in_another_form_tells_nothing) {
  encodings = 0x1b'03'1b'01;
  functions_at({0x1000});
  EXPECT_EQ(before(0x1000), std::nullopt);
}

TEST_F(FunctionTableTest, a_file_without_a_table_tells_nothing) {
  segment.p_type = PT_LOAD;
  functions_at({0x1000});
  EXPECT_EQ(before(0x1000), std::nullopt);
}

TEST_F(FunctionTableTest, a_table_that_is_not_sorted_is_searched_to_an_end) {
  functions_at({0x9000, 0x1000, 0x5000, 0x1000});
  for (std::uint64_t address = 0; address < 0xa000; address += 0x800) before(address);
}

TEST_F(FunctionTableTest, a_table_that_claims_more_than_it_has_is_read_to_its_end) {
  claimed_too_many = 0x1000'0000;
  functions_at({0x1000, 0x2000});
  EXPECT_EQ(before(0x3000), 0x2000);
}

TEST_F(FunctionTableTest, a_table_beyond_the_end_of_the_file_is_none) {
  segment.p_offset = UINT64_MAX;
  functions_at({0x1000});
  EXPECT_EQ(before(0x1000), std::nullopt);
}

TEST_F(FunctionTableTest, a_file_that_is_cut_anywhere_is_no_trouble) {
  functions_at({0x1000, 0x2000});
  for (; !image.empty(); image.pop_back()) before(0x1800);
}

}  // namespace
}  // namespace pyfault::test
