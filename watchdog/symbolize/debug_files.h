// Opens separate debug files (of packages such as libc6-dbg, or made by objcopy) for a child that
// chooses their names and is not trusted: it must not get to read anything else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class DebugFiles {
 public:
  // `directory`: where packages put them, /usr/lib/debug. `downloads`: where debuginfod-find does;
  // empty: nowhere.
  explicit DebugFiles(std::string directory, std::string downloads = {})
      : directory_(std::move(directory)), downloads_(std::move(downloads)) {}

  // `build_id`: in hex digits.
  UniqueFd with_build_id(std::string_view build_id) const;

  // The file that the module at this path names in its .gnu_debuglink. `place`: which of the places
  // where such files are, beside the module, in .debug, or in the directory; from 0.
  UniqueFd linked(std::string_view module, std::string_view name, std::uint32_t place) const;

 private:
  std::string directory_;
  std::string downloads_;
};

bool is_build_id(std::string_view text);

}  // namespace pyfault
