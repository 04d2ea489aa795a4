#include "watchdog/crash/record_text.h"

#include <span>
#include <string_view>

#include "shared/record.h"
#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

bool is_valid(const StringHeader& header) {
  switch (header.unit_size) {
    case 0:
      return header.units == 0;
    case 1:
    case 2:
    case 4:
      return header.units <= kMaxStringUnits;
    default:
      return false;
  }
}

struct RawString {
  StringHeader header;
  std::span<const std::byte> units;
};

std::optional<RawString> read_string(ByteReader& reader) {
  const auto header = reader.read<StringHeader>();
  if (!header || !is_valid(*header)) return std::nullopt;
  const std::size_t size = std::size_t{header->unit_size} * header->units;
  const auto padded = reader.take(record_padded(size));
  if (!padded) return std::nullopt;
  return RawString{*header, padded->first(size)};
}

Text::Hash check_hash(const RawString& string, const std::optional<StringHasher>& hasher) {
  const StringHeader& header = string.header;
  if (!hasher || header.hash == kNoHash || header.truncated != 0 || string.units.empty())
    return Text::Hash::kUnknown;
  return (*hasher)(string.units) == header.hash ? Text::Hash::kHolds : Text::Hash::kFails;
}

}  // namespace

std::optional<Text> read_text(ByteReader& reader, const std::optional<StringHasher>& hasher) {
  const auto string = read_string(reader);
  if (!string) return std::nullopt;
  Text text;
  text.readable = string->header.unit_size != 0;
  if (!text.readable) return text;
  text.value = transcode(string->units, string->header.unit_size);
  if (string->header.truncated != 0) text.value += "...";
  text.size = string->units.size();
  text.hash = check_hash(*string, hasher);
  return text;
}

std::optional<std::string> read_bytes(ByteReader& reader) {
  const auto string = read_string(reader);
  if (!string || string->header.unit_size > 1) return std::nullopt;
  const std::string_view bytes(reinterpret_cast<const char*>(string->units.data()),
                               string->units.size());
  std::string text = replace_invalid_utf8(bytes);
  if (string->header.truncated != 0) text += "...";
  return text;
}

}  // namespace pyfault
