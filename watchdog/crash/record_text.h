// Parses bytes into the sections of record.h and checks each one by itself: sizes, counts,
// enumerations and strings. decode.h checks how they fit together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/record.h"
#include "watchdog/crash/byte_reader.h"
#include "watchdog/crash/string_hash.h"

namespace pyfault {

struct RawSection {
  SectionHeader header;
  std::span<const std::byte> bytes;  // including the header
};

// A string of the record in UTF-8; one that the writer truncated ends in "...".
struct Text {
  enum class Hash { kUnknown, kHolds, kFails };

  std::string value;
  bool readable = true;        // false: the writer could not read it, and `value` is empty
  std::size_t size = 0;        // of its code units, in bytes
  Hash hash = Hash::kUnknown;  // kFails: the bytes do not match the interpreter's hash
};

struct CodeObject {
  std::uint64_t address;
  std::uint32_t index;
  Text file;
  Text qualified_name;
  Text name;
};

struct ThreadRecord {
  ThreadSection fixed;
  std::vector<FrameEntry> frames;
  Text name;
};

struct MessageRecord {
  MessageSource source;
  std::string type;
  std::string text;
};

struct TaskRecord {
  TaskSection fixed;
  Text name;
};

// Returns nullopt if the size is not a multiple of 8, too small for a header, or goes past the end.
std::optional<RawSection> take_section(ByteReader& reader);

// Return nullopt if the body violates record.h. Bytes after the known body are ignored.
std::optional<FaultSection> parse_fault(const RawSection& section);
std::optional<RuntimeSection> parse_runtime(const RawSection& section);
std::optional<MessageRecord> parse_message(const RawSection& section);
// Checks the hashes of the names if there is a hasher.
std::optional<CodeObject> parse_code(const RawSection& section,
                                     const std::optional<StringHasher>& hasher = std::nullopt);
std::optional<ThreadRecord> parse_thread(const RawSection& section);
std::optional<TaskRecord> parse_task(const RawSection& section);
std::optional<EndSection> parse_end(const RawSection& section);

}  // namespace pyfault
