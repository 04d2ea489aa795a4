// A small file in memory that is always consistent, even if its writer dies while writing.
//
// It has two halves, written alternately, each with a sequence number and a checksum. A reader
// takes the newer one that is intact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class StateFile {
 public:
  static constexpr std::size_t kMaxContent = std::size_t{16} << 20;
  static constexpr std::size_t kHalfSize = std::size_t{32} << 20;  // untouched pages cost nothing

  // Creates a new, empty one. Throws std::system_error.
  StateFile();

  // Takes over one that another process has written.
  explicit StateFile(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

  // Replaces the content. Throws std::system_error, std::length_error.
  void write(std::string_view content);

  // Returns nullopt if neither half is intact.
  std::optional<std::string> read() const;

 private:
  UniqueFd fd_;
  std::uint64_t sequence_ = 0;  // of the latest content
};

// Serializes and parses one half. unpack() returns nullopt if it is not intact.
struct StateHalf {
  std::uint64_t sequence = 0;
  std::string content;
};
std::string pack(const StateHalf& half);
std::optional<StateHalf> unpack(std::string_view bytes);

}  // namespace pyfault
