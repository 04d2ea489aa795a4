// Reads the strings of a record (record.h) as UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "watchdog/crash/byte_reader.h"
#include "watchdog/crash/string_hash.h"

namespace pyfault {

// A string that the interpreter holds. One that the writer truncated ends in "...".
struct Text {
  enum class Hash { kUnknown, kHolds, kFails };

  std::string value;
  bool readable = true;        // false: the writer could not read it, and `value` is empty
  std::size_t size = 0;        // of its code units, in bytes
  Hash hash = Hash::kUnknown;  // kFails: the bytes do not match the interpreter's hash
};

// Consumes a string. Returns nullopt if it violates record.h. Checks its hash if there is a hasher.
std::optional<Text> read_text(ByteReader& reader,
                              const std::optional<StringHasher>& hasher = std::nullopt);

// Consumes a string of bytes that should be UTF-8; what is not is replaced. Returns nullopt if it
// violates record.h.
std::optional<std::string> read_bytes(ByteReader& reader);

}  // namespace pyfault
