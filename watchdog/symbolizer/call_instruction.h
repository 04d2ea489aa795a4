// Recognizes call instructions of x86-64.
#pragma once

#include <cstddef>
#include <span>

namespace pyfault {

inline constexpr std::size_t kLongestCallInstruction = 7;

// Whether the bytes end with an instruction that calls: what precedes a return address. Bytes that
// only look like one cannot be told apart.
bool ends_with_call(std::span<const std::byte> code);

}  // namespace pyfault
