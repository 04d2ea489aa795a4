// URLs of debuginfod servers, on the command line and in a configuration file.
#pragma once

#include <algorithm>
#include <string_view>

namespace pyfault {

// Whether debuginfod-find takes it for one URL: its servers are separated by blanks.
inline bool is_server_url(std::string_view text) {
  const bool has_scheme =
      text.starts_with("https://") || text.starts_with("http://") || text.starts_with("file://");
  return has_scheme && std::ranges::all_of(text, [](char c) { return c > ' ' && c != '\x7f'; });
}

}  // namespace pyfault
