// CPython's hash of a str: SipHash-1-3 from 3.11 on, SipHash-2-4 before, with a key of the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pyfault {

struct StringHasher {
  std::uint64_t key[2] = {};
  int rounds = 1;        // for each word
  int final_rounds = 3;  // at the end

  // Of a str that is not empty, by the bytes of its code units.
  std::uint64_t operator()(std::span<const std::byte> units) const;
};

// As the interpreter of `version_hex` (PY_VERSION_HEX) hashes, unless it was built to do otherwise.
StringHasher string_hasher(std::uint32_t version_hex, const std::uint64_t (&key)[2]);

}  // namespace pyfault
