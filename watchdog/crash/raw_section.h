// Takes the sections of a record apart (shared/record.h). The bytes are hostile.
#pragma once

#include <optional>

#include "shared/record.h"
#include "watchdog/crash/byte_reader.h"

namespace pyfault {

struct RawSection {
  SectionHeader header;
  ByteReader bytes;  // including the header
};

// Returns nullopt if the size is not a multiple of 8, too small for a header, or goes past the end.
inline std::optional<RawSection> take_section(ByteReader& reader) {
  ByteReader ahead = reader;
  const auto header = ahead.read<SectionHeader>();
  if (!header || header->size < sizeof *header || header->size % kRecordAlignment != 0)
    return std::nullopt;
  const auto bytes = reader.take(header->size);
  if (!bytes) return std::nullopt;
  return RawSection{*header, ByteReader(*bytes)};
}

}  // namespace pyfault
