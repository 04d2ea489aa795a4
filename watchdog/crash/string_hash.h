// CPython's hash of a str: SipHash-1-3 since 3.11, SipHash-2-4 before, with a key per process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pyfault {

struct StringHasher {
  std::uint64_t key[2] = {};
  int rounds = 1;        // per word
  int final_rounds = 3;  // at the end

  // Hashes a non-empty str, given as the bytes of its code units.
  std::uint64_t operator()(std::span<const std::byte> units) const;
};

// The hash function of the interpreter `version_hex` (PY_VERSION_HEX), unless it was built with
// another.
StringHasher string_hasher(std::uint32_t version_hex, const std::uint64_t (&key)[2]);

}  // namespace pyfault
