// Callbacks for a log's notices about itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace pyfault {

// Called on the log's thread; may outlive the object that created them.
struct LogNotices {
  // Return a report about `count` lost or late reports; empty if the format has none.
  std::function<std::string(std::uint64_t count)> lost;
  std::function<std::string(std::uint64_t count)> late;
  // The log cannot be written to (errno `error`), and reports are kept. Called once until it can be
  // written to again.
  std::function<void(int error)> trouble;
};

}  // namespace pyfault
