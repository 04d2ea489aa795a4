// Asks the watchdog for files, which this process cannot open itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "watchdog/os/unique_fd.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault {

class FileClient {
 public:
  explicit FileClient(int socket) : socket_(socket) {}

  // These return an empty descriptor if the file is not to be had.
  UniqueFd input() { return ask({WantedFile::kInput, 0, 0, {}}); }
  UniqueFd module(std::uint32_t number) { return ask({WantedFile::kModule, number, 0, {}}); }
  UniqueFd debug_file(const std::string& build_id);
  UniqueFd debug_file(std::uint32_t module, std::string_view name, std::uint32_t place);

 private:
  UniqueFd ask(const FileRequest& request);
  UniqueFd ask(FileRequest request, std::string_view name);

  int socket_;
  int debug_files_ = 0;  // asked for
};

}  // namespace pyfault
