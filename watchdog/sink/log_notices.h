#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace pyfault {

// The report that tells of `count` lost reports; empty where the format has no words for it. Called
// on the log's thread.
using DescribeLoss = std::function<std::string(std::uint64_t count)>;

}  // namespace pyfault
