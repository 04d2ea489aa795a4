// What the log has to say about itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace pyfault {

// Called on the log's thread; may outlive whoever made them.
struct LogNotices {
  // The reports that tell of `count` lost or late ones; empty where the format has no words.
  std::function<std::string(std::uint64_t count)> lost;
  std::function<std::string(std::uint64_t count)> late;
  // The log can't be written to (errno `error`), and reports are kept. Once, until it can again.
  std::function<void(int error)> trouble;
};

}  // namespace pyfault
