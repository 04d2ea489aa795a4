// Reads the encodings of DWARF (call frame information, expressions) from memory that may not be
// readable.
//
// Context: see capture.h. Every read is guarded, and none goes beyond the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/in_signal/guarded_copy.h"

namespace pyfault {

class ByteCursor {
 public:
  ByteCursor(std::uintptr_t begin, std::uintptr_t end) : at_(begin), end_(end) {}

  // False once a read has failed; from then on all reads return 0.
  bool ok() const { return ok_; }
  bool at_end() const { return !ok_ || at_ >= end_; }
  std::uintptr_t position() const { return at_; }

  template <class T>
  T read() {
    T value{};
    if (!fill(sizeof value)) return value;
    std::memcpy(&value, window_ + (at_ - window_begin_), sizeof value);
    at_ += sizeof value;
    return value;
  }

  // LEB128; bits beyond the 64th are dropped.
  std::uint64_t read_unsigned() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; ok_; shift += 7) {
      const auto byte = read<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }
  std::int64_t read_signed() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    std::uint8_t byte = 0x80;
    while (ok_ && (byte & 0x80) != 0) {
      byte = read<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
    }
    if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
    return static_cast<std::int64_t>(value);
  }

  void skip(std::uint64_t size) {
    if (size > end_ - at_) {
      ok_ = false;
    } else {
      at_ += size;
    }
  }

 private:
  // Makes the next `size` bytes available in the window.
  bool fill(std::size_t size) {
    if (ok_ && at_ >= window_begin_ && at_ + size <= window_end_) return true;
    if (!ok_ || at_ > end_ || size > end_ - at_) return ok_ = false;
    const std::size_t wanted = end_ - at_ < sizeof window_ ? end_ - at_ : sizeof window_;
    window_begin_ = at_;
    window_end_ = at_ + wanted;
    return ok_ = guarded_copy(window_, at_, wanted);
  }

  std::uintptr_t at_;
  std::uintptr_t end_;
  bool ok_ = true;
  std::uintptr_t window_begin_ = 0;
  std::uintptr_t window_end_ = 0;
  std::byte window_[64] = {};
};

}  // namespace pyfault
