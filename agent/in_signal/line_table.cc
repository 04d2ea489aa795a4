#include "agent/in_signal/line_table.h"

#include <cstring>

#include "agent/in_signal/guarded_copy.h"

namespace pyfault {
namespace {

// Reads a table piece by piece. Behind the end of a piece lie zeroes, so an entry can be read
// without a check of each byte.
class TableReader {
 public:
  TableReader(std::uintptr_t address, std::uint32_t size) : address_(address), left_(size) {}

  const std::uint8_t* begin() const { return piece_; }

  // Returns the entry at `next`, which begin() or the entry before has led to: kLongestEntry bytes
  // that can be read. Returns null at the end of the table, or if it cannot be read.
  const std::uint8_t* entry_at(const std::uint8_t* next) {
    return next < last_entry_ ? next : refill(next);
  }

  // Returns whether an entry that ends at `next` lies within the table.
  bool has_all_before(const std::uint8_t* next) const { return next <= end_; }

 private:
  static constexpr std::size_t kPiece = 256;
  static constexpr std::size_t kLongestEntry = 25;  // PEP 657: a byte and four varints

  const std::uint8_t* refill(const std::uint8_t* next) {
    if (left_ == 0) return nullptr;
    const auto kept = static_cast<std::size_t>(end_ - next);
    if (kept != 0) std::memmove(piece_, next, kept);
    const std::size_t size = left_ < kPiece - kept ? left_ : kPiece - kept;
    if (!guarded_copy(piece_ + kept, address_, size)) return nullptr;
    address_ += size;
    left_ -= static_cast<std::uint32_t>(size);
    end_ = piece_ + kept + size;
    last_entry_ = left_ == 0 ? end_ : end_ - kLongestEntry + 1;
    std::memset(piece_ + kept + size, 0, kLongestEntry);
    return piece_;
  }

  std::uintptr_t address_;
  std::uint32_t left_;  // bytes of the table from address_ on
  const std::uint8_t* end_ = piece_;
  const std::uint8_t* last_entry_ = piece_;  // an entry before this is here as a whole
  std::uint8_t piece_[kPiece + kLongestEntry];
};

Position at_line(std::int64_t line) {
  Position position;
  if (line > 0 && line <= INT32_MAX) position.line = static_cast<std::int32_t>(line);
  return position;
}

// 3.8, 3.9 (Objects/lnotab_notes.txt): the current line is the one before the first pair that goes
// beyond the offset.
Position locate_lnotab(const CodeEntry& code, std::int64_t offset) {
  TableReader table(code.line_table, code.line_table_size);
  std::int64_t line = code.first_line;
  std::int64_t address = 0;
  for (const std::uint8_t* pair = table.begin(); (pair = table.entry_at(pair)) != nullptr;) {
    address += pair[0];
    const auto delta = static_cast<std::int8_t>(pair[1]);
    pair += 2;
    if (address > offset || !table.has_all_before(pair)) break;
    line += delta;
  }
  return at_line(line);
}

// 3.10 (PEP 626): each pair covers a range; a delta of -128 means that the range has no line.
Position locate_pep626(const CodeEntry& code, std::int64_t offset) {
  TableReader table(code.line_table, code.line_table_size);
  std::int64_t line = code.first_line;
  std::int64_t end = 0;
  for (const std::uint8_t* pair = table.begin(); (pair = table.entry_at(pair)) != nullptr;) {
    end += pair[0];
    const auto delta = static_cast<std::int8_t>(pair[1]);
    pair += 2;
    if (!table.has_all_before(pair)) break;
    const bool has_line = delta != -128;
    if (has_line) line += delta;
    if (offset < end) return has_line ? at_line(line) : Position{};
  }
  return {};
}

// 3.11 on (PEP 657, Objects/locations.md).
constexpr int kNoLocation = 15, kLong = 14, kNoColumns = 13, kOneLine = 10;

// The bytes of one entry. All is inlined, so that its state stays in registers.
class EntryReader {
 public:
  explicit EntryReader(const std::uint8_t* next) : next_(next) {}

  int byte() { return *next_++; }

  // Six bits per byte, the lowest first; bit 6 means that more follow. Values fit in 32 bits.
  [[gnu::always_inline]] std::int64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 36; shift += 6) {
      const int part = byte();
      value |= static_cast<std::uint64_t>(part & 63) << shift;
      if ((part & 64) == 0) return static_cast<std::int64_t>(value);
    }
    is_garbage_ = true;
    return 0;
  }

  [[gnu::always_inline]] std::int64_t signed_varint() {
    const std::int64_t value = varint();
    return (value & 1) != 0 ? -(value >> 1) : value >> 1;
  }

  // Returns the end of what was read; null if that cannot be an entry.
  const std::uint8_t* end() const { return is_garbage_ ? nullptr : next_; }

 private:
  const std::uint8_t* next_;
  bool is_garbage_ = false;
};

Position on_line(std::int64_t line, std::int64_t end_line, std::int64_t column,
                 std::int64_t end_column) {
  Position position = at_line(line);
  position.end_line = at_line(end_line).line;
  position.column = static_cast<std::int32_t>(column);
  position.end_column = static_cast<std::int32_t>(end_column);
  return position;
}

// Adds what the entry with this code adds to `line`. Returns the end of the entry, or null.
const std::uint8_t* skip_entry(int code, const std::uint8_t* next, std::int64_t& line) {
  if (code < kOneLine) return next + 1;
  if (code < kNoColumns) {
    line += code - kOneLine;
    return next + 2;
  }
  EntryReader entry(next);
  if (code != kNoLocation) line += entry.signed_varint();
  for (int rest = 0; code == kLong && rest < 3; ++rest) entry.varint();
  return entry.end();
}

Position read_entry(const TableReader& table, int code, const std::uint8_t* next,
                    std::int64_t line) {
  if (code == kNoLocation) return {};
  EntryReader entry(next);
  std::int64_t lines = 0;
  std::int64_t column = kUnknownPosition;
  std::int64_t end_column = kUnknownPosition;
  if (code < kOneLine) {
    const int second = entry.byte();
    column = code << 3 | second >> 4;
    end_column = column + (second & 15);
  } else if (code < kNoColumns) {
    line += code - kOneLine;
    column = entry.byte();
    end_column = entry.byte();
  } else {
    line += entry.signed_varint();
    if (code == kLong) {
      lines = entry.varint();
      column = entry.varint() - 1;
      end_column = entry.varint() - 1;
    }
  }
  const std::uint8_t* end = entry.end();
  if (end == nullptr || !table.has_all_before(end)) return {};
  return on_line(line, line + lines, column, end_column);
}

Position locate_pep657(const CodeEntry& code, std::int64_t offset) {
  TableReader table(code.line_table, code.line_table_size);
  std::int64_t line = code.first_line;
  std::int64_t end = 0;
  const std::uint8_t* next = table.begin();
  while (next != nullptr && (next = table.entry_at(next)) != nullptr) {
    const int first = *next++;
    const int form = first >> 3 & 15;
    end += 2 * ((first & 7) + 1);
    if (offset < end) return read_entry(table, form, next, line);
    next = skip_entry(form, next, line);
  }
  return {};
}

}  // namespace

Position locate(LineTable format, const CodeEntry& code, std::int64_t offset) {
  if (offset < 0) return at_line(code.first_line);
  switch (format) {
    case LineTable::kLnotab:
      return locate_lnotab(code, offset);
    case LineTable::kPep626:
      return locate_pep626(code, offset);
    case LineTable::kPep657:
      break;
  }
  return locate_pep657(code, offset);
}

}  // namespace pyfault
