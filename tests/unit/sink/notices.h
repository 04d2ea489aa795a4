// Short forms of the notices that a log writes about itself.
#pragma once

#include <string>
#include <vector>

#include "watchdog/sink/log_notices.h"

namespace pyfault {

inline LogNotices short_notices(std::vector<int>& troubles) {
  return {[](std::uint64_t count) { return "lost " + std::to_string(count) + "\n"; },
          [](std::uint64_t count) { return "late " + std::to_string(count) + "\n"; },
          [&troubles](int error) { troubles.push_back(error); }};
}

}  // namespace pyfault
