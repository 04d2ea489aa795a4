#include "agent/in_signal/line_table.h"

#include "agent/in_signal/guarded_copy.h"

namespace pyfault {
namespace {

// The table as a stream of bounded reads.
class TableReader {
 public:
  TableReader(std::uintptr_t address, std::uint32_t size) : next_(address), left_(size) {}

  // Returns false at the end of the table, or if it cannot be read.
  bool read(std::uint8_t& byte) {
    if (position_ == filled_ && !refill()) return false;
    byte = buffer_[position_++];
    return true;
  }

 private:
  bool refill() {
    const std::uint32_t size = left_ < sizeof buffer_ ? left_ : std::uint32_t{sizeof buffer_};
    if (size == 0 || !guarded_copy(buffer_, next_, size)) return false;
    next_ += size;
    left_ -= size;
    position_ = 0;
    filled_ = size;
    return true;
  }

  std::uintptr_t next_;
  std::uint32_t left_;
  std::uint32_t position_ = 0;
  std::uint32_t filled_ = 0;
  std::uint8_t buffer_[256];
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
  std::uint8_t increment = 0;
  std::uint8_t delta = 0;
  while (table.read(increment) && table.read(delta)) {
    address += increment;
    if (address > offset) break;
    line += static_cast<std::int8_t>(delta);
  }
  return at_line(line);
}

// 3.10 (PEP 626): each pair covers a range; a delta of -128 means that the range has no line.
Position locate_pep626(const CodeEntry& code, std::int64_t offset) {
  TableReader table(code.line_table, code.line_table_size);
  std::int64_t line = code.first_line;
  std::int64_t end = 0;
  std::uint8_t length = 0;
  std::uint8_t delta = 0;
  while (table.read(length) && table.read(delta)) {
    end += length;
    const auto signed_delta = static_cast<std::int8_t>(delta);
    const bool has_line = signed_delta != -128;
    if (has_line) line += signed_delta;
    if (offset < end) return has_line ? at_line(line) : Position{};
  }
  return {};
}

// 3.11 on (PEP 657, Objects/locations.md).
class LocationReader {
 public:
  explicit LocationReader(const CodeEntry& code)
      : table_(code.line_table, code.line_table_size), line_(code.first_line) {}

  Position find(std::int64_t offset) {
    std::int64_t end = 0;
    std::uint8_t first = 0;
    while (!failed_ && table_.read(first)) {
      end += 2 * ((first & 7) + 1);
      if (offset < end) {
        const Position position = entry(first >> 3 & 15);
        return failed_ ? Position{} : position;
      }
      skip_entry(first >> 3 & 15);
    }
    return {};
  }

 private:
  static constexpr int kNoLocation = 15, kLong = 14, kNoColumns = 13, kOneLine = 10;

  void skip_entry(int code) {
    if (code < kOneLine) {
      byte();
    } else if (code < kNoColumns) {
      line_ += code - kOneLine;
      byte();
      byte();
    } else if (code != kNoLocation) {
      entry(code);
    }
  }

  Position entry(int code) {
    if (code == kNoLocation) return {};
    if (code == kLong) return long_form();
    if (code == kNoColumns) {
      line_ += signed_varint();
      return on_line(0, kUnknownPosition, kUnknownPosition);
    }
    if (code >= kOneLine) {
      line_ += code - kOneLine;
      const std::int64_t column = byte();
      return on_line(0, column, byte());
    }
    const int second = byte();
    const std::int64_t column = code << 3 | second >> 4;
    return on_line(0, column, column + (second & 15));
  }

  Position long_form() {
    line_ += signed_varint();
    const std::int64_t lines = varint();
    const std::int64_t column = varint() - 1;
    return on_line(lines, column, varint() - 1);
  }

  Position on_line(std::int64_t more_lines, std::int64_t column, std::int64_t end_column) const {
    Position position = at_line(line_);
    position.end_line = at_line(line_ + more_lines).line;
    position.column = static_cast<std::int32_t>(column);
    position.end_column = static_cast<std::int32_t>(end_column);
    return position;
  }

  int byte() {
    std::uint8_t value = 0;
    if (!table_.read(value)) failed_ = true;
    return value;
  }

  // Six bits per byte, the lowest first; bit 6 means that more follow. Values fit in 32 bits.
  std::int64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 36; shift += 6) {
      const int part = byte();
      value |= static_cast<std::uint64_t>(part & 63) << shift;
      if ((part & 64) == 0) return static_cast<std::int64_t>(value);
    }
    failed_ = true;
    return 0;
  }

  std::int64_t signed_varint() {
    const std::int64_t value = varint();
    return (value & 1) != 0 ? -(value >> 1) : value >> 1;
  }

  TableReader table_;
  std::int64_t line_;
  bool failed_ = false;
};

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
  return LocationReader(code).find(offset);
}

}  // namespace pyfault
