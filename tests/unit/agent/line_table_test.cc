#include "agent/in_signal/line_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/unit/agent/guarded.h"

namespace pyfault::test {
namespace {

class LineTableOf : public ::testing::Test {
 protected:
  Position at(LineTable format, const std::vector<std::uint8_t>& table, std::int64_t offset,
              std::int32_t first_line = 10) {
    CodeEntry code{};
    code.first_line = first_line;
    code.line_table = address_of(table.data());
    code.line_table_size = static_cast<std::uint32_t>(table.size());
    return locate(format, code, offset);
  }

  Guarded guarded_;
};

using Lnotab = LineTableOf;
using Pep626 = LineTableOf;
using Pep657 = LineTableOf;

TEST_F(Lnotab, starts_at_the_first_line) {
  EXPECT_EQ(at(LineTable::kLnotab, {4, 1}, 0).line, 10);
}

TEST_F(Lnotab, moves_on_at_the_increment) {
  EXPECT_EQ(at(LineTable::kLnotab, {4, 1, 6, 2}, 3).line, 10);
  EXPECT_EQ(at(LineTable::kLnotab, {4, 1, 6, 2}, 4).line, 11);
  EXPECT_EQ(at(LineTable::kLnotab, {4, 1, 6, 2}, 10).line, 13);
}

TEST_F(Lnotab, goes_backwards) {
  EXPECT_EQ(at(LineTable::kLnotab, {2, 0xfd}, 2).line, 7);
}

TEST_F(Lnotab, knows_no_columns) {
  EXPECT_EQ(at(LineTable::kLnotab, {4, 1}, 0).column, kUnknownPosition);
}

TEST_F(Pep626, covers_ranges) {
  EXPECT_EQ(at(LineTable::kPep626, {4, 1, 6, 2}, 0).line, 11);
  EXPECT_EQ(at(LineTable::kPep626, {4, 1, 6, 2}, 3).line, 11);
  EXPECT_EQ(at(LineTable::kPep626, {4, 1, 6, 2}, 4).line, 13);
}

TEST_F(Pep626, has_ranges_without_a_line) {
  EXPECT_EQ(at(LineTable::kPep626, {4, 0x80, 4, 1}, 0).line, kUnknownPosition);
  EXPECT_EQ(at(LineTable::kPep626, {4, 0x80, 4, 1}, 4).line, 11);
}

TEST_F(Pep626, knows_nothing_beyond_its_end) {
  EXPECT_EQ(at(LineTable::kPep626, {4, 1}, 4).line, kUnknownPosition);
}

TEST_F(Pep657, reads_the_one_line_form) {
  // Code 11: the line advances by one, columns 4 to 9; one code unit.
  const Position position = at(LineTable::kPep657, {0x80 | 11 << 3, 4, 9}, 0);
  EXPECT_EQ(position.line, 11);
  EXPECT_EQ(position.end_line, 11);
  EXPECT_EQ(position.column, 4);
  EXPECT_EQ(position.end_column, 9);
}

TEST_F(Pep657, reads_the_short_form) {
  // Code 2, second byte 0x35: starts at column 2 * 8 + 3 and is five columns wide.
  const Position position = at(LineTable::kPep657, {0x80 | 2 << 3, 0x35}, 0);
  EXPECT_EQ(position.line, 10);
  EXPECT_EQ(position.column, 19);
  EXPECT_EQ(position.end_column, 24);
}

TEST_F(Pep657, reads_the_long_form) {
  // Code 14: two lines back (svarint 5), ends one line later, columns 99 + 1 (two bytes) and 3 + 1.
  const Position position =
      at(LineTable::kPep657, {0x80 | 14 << 3, 5, 1, 0x40 | (100 & 63), 100 >> 6, 4}, 0);
  EXPECT_EQ(position.line, 8);
  EXPECT_EQ(position.end_line, 9);
  EXPECT_EQ(position.column, 99);
  EXPECT_EQ(position.end_column, 3);
}

TEST_F(Pep657, has_places_without_columns) {
  const Position position = at(LineTable::kPep657, {0x80 | 13 << 3, 6}, 0);
  EXPECT_EQ(position.line, 13);
  EXPECT_EQ(position.column, kUnknownPosition);
}

TEST_F(Pep657, has_places_without_a_line) {
  EXPECT_EQ(at(LineTable::kPep657, {0x80 | 15 << 3}, 0).line, kUnknownPosition);
}

TEST_F(Pep657, counts_code_units_of_two_bytes) {
  const std::vector<std::uint8_t> table = {0x80 | 11 << 3 | 1, 0, 1, 0x80 | 11 << 3, 0, 1};
  EXPECT_EQ(at(LineTable::kPep657, table, 3).line, 11);
  EXPECT_EQ(at(LineTable::kPep657, table, 4).line, 12);
  EXPECT_EQ(at(LineTable::kPep657, table, 6).line, kUnknownPosition);
}

TEST_F(Pep657, stands_at_the_definition_before_the_first_instruction) {
  EXPECT_EQ(at(LineTable::kPep657, {0x80 | 11 << 3, 0, 1}, -2).line, 10);
}

TEST_F(Pep657, is_cut_short_without_harm) {
  EXPECT_EQ(at(LineTable::kPep657, {0x80 | 14 << 3, 5}, 0).line, kUnknownPosition);
}

TEST_F(Pep657, ends_at_a_varint_that_never_does) {
  const std::vector<std::uint8_t> endless(64, 0x7f);
  std::vector<std::uint8_t> table = {0x80 | 13 << 3};
  table.insert(table.end(), endless.begin(), endless.end());
  EXPECT_EQ(at(LineTable::kPep657, table, 0).line, kUnknownPosition);
}

TEST_F(Pep657, never_gives_a_line_below_one) {
  EXPECT_EQ(at(LineTable::kPep657, {0x80 | 13 << 3, 63}, 0, 3).line, kUnknownPosition);
}

TEST_F(LineTableOf, is_read_in_bounded_pieces) {
  std::vector<std::uint8_t> table;
  for (int entry = 0; entry < 500; ++entry) table.insert(table.end(), {0x80 | 11 << 3, 1, 2});
  EXPECT_EQ(at(LineTable::kPep657, table, 2 * 499).line, 510);
}

TEST_F(LineTableOf, is_unreadable) {
  const CliffEdge cliff;
  CodeEntry code{};
  code.first_line = 1;
  code.line_table = address_of(cliff.unreadable());
  code.line_table_size = 100;
  EXPECT_EQ(locate(LineTable::kPep657, code, 0).line, kUnknownPosition);
}

}  // namespace
}  // namespace pyfault::test
