#include "watchdog/crash/record_text.h"

#include <string_view>

#include "watchdog/crash/transcode.h"
#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

constexpr std::int32_t kLastSignal = 64;

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

std::optional<Text> read_text(ByteReader& reader,
                              const std::optional<StringHasher>& hasher = std::nullopt) {
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

// Reads a string of bytes that should be UTF-8. Returns nullopt if it is invalid, an empty string
// if it is absent.
std::optional<std::string> read_bytes(ByteReader& reader) {
  const auto string = read_string(reader);
  if (!string || string->header.unit_size > 1) return std::nullopt;
  const std::string_view bytes(reinterpret_cast<const char*>(string->units.data()),
                               string->units.size());
  std::string text = replace_invalid_utf8(bytes);
  if (string->header.truncated != 0) text += "...";
  return text;
}

bool is_valid(const FaultSection& fault) {
  if (fault.pid <= 0 || fault.tid < 0) return false;
  switch (fault.kind) {
    case RecordKind::kCrash:
      return fault.signal >= 1 && fault.signal <= kLastSignal;
    case RecordKind::kDump:
      return fault.signal >= 0 && fault.signal <= kLastSignal && fault.tid > 0;
  }
  return false;
}

std::optional<std::vector<FrameEntry>> read_frames(ByteReader& reader, std::uint32_t count) {
  if (count > kMaxFrameEntries || count > reader.remaining() / sizeof(FrameEntry))
    return std::nullopt;
  std::vector<FrameEntry> frames(count);
  for (FrameEntry& frame : frames) frame = *reader.read<FrameEntry>();
  return frames;
}

}  // namespace

std::optional<RawSection> take_section(ByteReader& reader) {
  ByteReader ahead = reader;
  const auto header = ahead.read<SectionHeader>();
  if (!header || header->size < sizeof *header || header->size % kRecordAlignment != 0)
    return std::nullopt;
  const auto bytes = reader.take(header->size);
  if (!bytes) return std::nullopt;
  return RawSection{*header, *bytes};
}

std::optional<FaultSection> parse_fault(const RawSection& section) {
  const auto fault = ByteReader(section.bytes).read<FaultSection>();
  return fault && is_valid(*fault) ? fault : std::nullopt;
}

std::optional<RuntimeSection> parse_runtime(const RawSection& section) {
  return ByteReader(section.bytes).read<RuntimeSection>();
}

std::optional<MessageRecord> parse_message(const RawSection& section) {
  ByteReader reader(section.bytes);
  const auto fixed = reader.read<MessageSection>();
  if (!fixed || fixed->source < MessageSource::kLibc || fixed->source > MessageSource::kStderr) {
    return std::nullopt;
  }
  auto type = read_bytes(reader);
  if (!type) return std::nullopt;
  auto text = read_bytes(reader);
  if (!text) return std::nullopt;
  return MessageRecord{fixed->source, *std::move(type), *std::move(text)};
}

std::optional<CodeObject> parse_code(const RawSection& section,
                                     const std::optional<StringHasher>& hasher) {
  ByteReader reader(section.bytes);
  const auto fixed = reader.read<CodeSection>();
  if (!fixed) return std::nullopt;
  auto file = read_text(reader, hasher);
  if (!file) return std::nullopt;
  auto qualified_name = read_text(reader, hasher);
  if (!qualified_name) return std::nullopt;
  auto name = read_text(reader, hasher);
  if (!name) return std::nullopt;
  return CodeObject{fixed->address, fixed->index, *std::move(file), *std::move(qualified_name),
                    *std::move(name)};
}

std::optional<ThreadRecord> parse_thread(const RawSection& section) {
  ByteReader reader(section.bytes);
  const auto fixed = reader.read<ThreadSection>();
  if (!fixed) return std::nullopt;
  auto frames = read_frames(reader, fixed->frame_count);
  if (!frames) return std::nullopt;
  auto name = read_text(reader);
  if (!name) return std::nullopt;
  return ThreadRecord{*fixed, *std::move(frames), *std::move(name)};
}

std::optional<TaskRecord> parse_task(const RawSection& section) {
  ByteReader reader(section.bytes);
  const auto fixed = reader.read<TaskSection>();
  if (!fixed) return std::nullopt;
  auto name = read_text(reader);
  if (!name) return std::nullopt;
  return TaskRecord{*fixed, *std::move(name)};
}

std::optional<EndSection> parse_end(const RawSection& section) {
  return ByteReader(section.bytes).read<EndSection>();
}

}  // namespace pyfault
