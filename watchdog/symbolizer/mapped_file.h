// A whole file in memory, for reading.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class MappedFile {
 public:
  MappedFile() = default;
  // Empty if the file cannot be mapped.
  explicit MappedFile(const UniqueFd& file);
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  std::span<std::byte> bytes() const { return bytes_; }

 private:
  std::span<std::byte> bytes_;
};

}  // namespace pyfault
