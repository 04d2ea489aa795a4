#include "agent/in_signal/python_string.h"

#include <cstring>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr std::uint64_t kUnicodeSubclass = std::uint64_t{1} << 28;  // Py_TPFLAGS_UNICODE_SUBCLASS
constexpr std::size_t kLargestHeader = 80;

struct HeaderCopy {
  std::byte bytes[kLargestHeader];
  std::size_t size;  // how many of them were read; the others are zero
};

// A short str may be the last thing on a mapped page: then only as much is read as the header of a
// compact ASCII str takes. Returns false if not even that can be read.
bool read_header(const PythonLayout::String& layout, std::uintptr_t object, HeaderCopy& header) {
  header.size = layout.any_data + sizeof(std::uintptr_t);
  if (guarded_copy(header.bytes, object, header.size)) return true;
  std::memset(header.bytes, 0, sizeof header.bytes);
  header.size = layout.ascii_data;
  return guarded_copy(header.bytes, object, header.size);
}

bool is_string(const PythonRuntimeView& python, const std::byte* header) {
  const auto type = field<std::uintptr_t>(header, python.layout.object.type);
  return type == python.unicode_type || has_type_flag(python, type, kUnicodeSubclass);
}

// Every str has a zero after its last unit; one whose length is garbage most likely has not. That
// of a short one was read with its header.
bool ends_where_it_says(const StringView& string, std::int64_t length, std::uintptr_t object,
                        const HeaderCopy& header) {
  std::uint32_t terminator = 0;
  const std::uintptr_t end = string.data + static_cast<std::uintptr_t>(length) * string.unit_size;
  if (end - object < header.size && string.unit_size == 1) {
    return header.bytes[end - object] == std::byte{0};
  }
  return guarded_copy(&terminator, end, string.unit_size) && terminator == 0;
}

}  // namespace

StringView view_string(const PythonRuntimeView& python, std::uintptr_t object) {
  const PythonLayout::String& layout = python.layout.string;
  HeaderCopy copy;
  const std::byte* header = copy.bytes;
  if (!plausible_object(object) || !read_header(layout, object, copy)) return {};
  if (!is_string(python, header)) return {};

  const auto state = field<std::uint32_t>(header, layout.state);
  auto unit_size = static_cast<std::uint8_t>((state & layout.kind_mask) >> layout.kind_shift);
  auto length = field<std::int64_t>(header, layout.length);
  std::uintptr_t data = field<std::uintptr_t>(header, layout.any_data);
  if ((state & layout.compact_mask) != 0) {
    const bool ascii = (state & layout.ascii_mask) != 0;
    data = object + (ascii ? layout.ascii_data : layout.compact_data);
  } else if (unit_size == 0 && layout.legacy_data != kAbsent) {
    data = field<std::uintptr_t>(header, layout.legacy_data);
    length = field<std::int64_t>(header, layout.legacy_length);
    unit_size = sizeof(wchar_t);
  }
  if (length < 0 || length > INT32_MAX || (unit_size != 1 && unit_size != 2 && unit_size != 4))
    return {};

  const bool truncated = length > kMaxStringUnits;
  const auto units = truncated ? kMaxStringUnits : static_cast<std::uint32_t>(length);
  const StringView string{data, units, unit_size, static_cast<std::uint8_t>(truncated),
                          field<std::uint64_t>(header, layout.hash)};
  return ends_where_it_says(string, length, object, copy) ? string : StringView{};
}

bool append_string(Capture& capture, std::uintptr_t object) {
  return append_string(capture, view_string(capture.python, object));
}

bool append_string(Capture& capture, const StringView& string) {
  const std::size_t before = capture.slot.cursor();
  std::byte* place = capture.slot.reserve(size_in_record(string));
  if (place == nullptr) {
    capture.slot_full = true;
    return false;
  }
  if (write_string(place, string)) return true;
  capture.slot.rewind(before);
  return append_no_string(capture);
}

bool write_string(std::byte* place, const StringView& string) {
  const StringHeader header{string.unit_size, string.truncated, 0, string.units, string.hash};
  const std::size_t size = std::size_t{string.units} * string.unit_size;
  const std::size_t padded = record_padded(size);
  std::memcpy(place, &header, sizeof header);
  std::byte* units = place + sizeof header;
  if (padded != size) std::memset(units + padded - kRecordAlignment, 0, kRecordAlignment);
  return guarded_copy(units, string.data, size);
}

bool append_no_string(Capture& capture) {
  constexpr StringHeader kMissing{0, 0, 0, 0, kNoHash};
  if (capture.slot.append(&kMissing, sizeof kMissing)) return true;
  capture.slot_full = true;
  return false;
}

}  // namespace pyfault
