// A bounded cursor over untrusted bytes. It never reads past the end and never assumes alignment:
// values are copied out.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace pyfault {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  // Returns nullopt, and consumes nothing, if fewer than `size` bytes are left.
  std::optional<std::span<const std::byte>> take(std::size_t size) {
    if (size > remaining()) return std::nullopt;
    const auto taken = bytes_.subspan(position_, size);
    position_ += size;
    return taken;
  }

  template <typename T>
  requires std::is_trivially_copyable_v<T> std::optional<T> read() {
    const auto taken = take(sizeof(T));
    if (!taken) return std::nullopt;
    T value;
    std::memcpy(&value, taken->data(), sizeof value);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
};

}  // namespace pyfault
