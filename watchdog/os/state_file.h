// A small file in memory whose content outlives its writer whole, whenever that dies.
//
// Two halves, written in turn: each has a sequence number and a checksum. A reader takes the later
// one that is whole.
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

  // A new one, empty. Throws std::system_error.
  StateFile();

  // Goes on with one that another process has left.
  explicit StateFile(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

  // In place of what was there. Throws std::system_error, std::length_error.
  void write(std::string_view content);

  // None when neither half is whole.
  std::optional<std::string> read() const;

 private:
  UniqueFd fd_;
  std::uint64_t sequence_ = 0;  // of the last content
};

// A half as it is written, and what is in one. Pure.
struct StateHalf {
  std::uint64_t sequence = 0;
  std::string content;
};
std::string pack(const StateHalf& half);
std::optional<StateHalf> unpack(std::string_view bytes);

}  // namespace pyfault
