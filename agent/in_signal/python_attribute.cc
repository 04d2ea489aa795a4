#include "agent/in_signal/python_attribute.h"

#include <cstring>

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr std::int64_t kMaxAttributes = 64;
constexpr std::size_t kMaxNameSize = 32;
constexpr std::uint64_t kManagedDict = std::uint64_t{1} << 4;   // Py_TPFLAGS_MANAGED_DICT
constexpr std::uint64_t kInlineValues = std::uint64_t{1} << 2;  // Py_TPFLAGS_INLINE_VALUES

// Where the names lie, and where the values lie if they are not beside the names.
struct Attributes {
  std::uintptr_t keys = 0;
  std::uintptr_t values = 0;
};

// PyDictKeysObject (Objects/dict-common.h up to 3.10, pycore_dict.h since).
struct KeyTable {
  std::uintptr_t entries = 0;
  std::int64_t count = 0;
  std::size_t entry_size = 0;
  std::size_t key_offset = 0;
};

KeyTable legacy_keys(std::uintptr_t keys) {
  struct Header {
    std::int64_t refcount, size, lookup, usable, used;
  } header;
  if (!guarded_read(keys, header) || header.size < 8 || header.size > (1 << 16)) return {};
  const std::int64_t index_size = header.size <= 0xff ? 1 : 2;
  const auto indices = static_cast<std::uintptr_t>(header.size * index_size);
  return {keys + sizeof header + indices, header.used, 24, 8};
}

KeyTable compact_keys(std::uintptr_t keys) {
  struct Header {
    std::int64_t refcount;
    std::uint8_t log2_size, log2_index_bytes, kind, mutex;
    std::uint32_t version;
    std::int64_t usable, used;
  } header;
  if (!guarded_read(keys, header) || header.log2_index_bytes > 20) return {};
  const std::uintptr_t entries =
      keys + sizeof header + (std::uintptr_t{1} << header.log2_index_bytes);
  constexpr std::uint8_t kGeneral = 0;
  if (header.kind == kGeneral) return {entries, header.used, 24, 8};
  return {entries, header.used, 16, 0};
}

std::uintptr_t read_pointer(std::uintptr_t address) {
  std::uintptr_t value = 0;
  return guarded_read(address, value) ? value : 0;
}

Attributes of_dict(const PythonLayout::Attribute& layout, std::uintptr_t dict) {
  if (!plausible_object(dict)) return {};
  const std::uintptr_t values = read_pointer(dict + layout.dict_values);
  return {read_pointer(dict + layout.dict_keys), values != 0 ? values + layout.first_value : 0};
}

Attributes of_values(const PythonLayout::Attribute& layout, std::uintptr_t type,
                     std::uintptr_t values) {
  return {read_pointer(type + layout.type_cached_keys), values + layout.first_value};
}

Attributes of_plain_instance(const PythonLayout::Attribute& layout, std::uintptr_t object,
                             std::uintptr_t type) {
  const auto offset = static_cast<std::intptr_t>(read_pointer(type + layout.type_dict_offset));
  if (offset <= 0 || offset > 4096) return {};
  return of_dict(layout, read_pointer(object + static_cast<std::uintptr_t>(offset)));
}

Attributes find_attributes(const PythonRuntimeView& python, std::uintptr_t object) {
  const PythonLayout::Attribute& layout = python.layout.attribute;
  const std::uintptr_t type = read_pointer(object + python.layout.object.type);
  if (!plausible_object(type)) return {};
  if (layout.managed_dict == kAbsent || !has_type_flag(python, type, kManagedDict)) {
    return of_plain_instance(layout, object, type);
  }
  const std::uintptr_t dict = read_pointer(object - layout.managed_dict);
  switch (python.layout.attribute_style) {
    case AttributeStyle::kValuesPointer: {
      const std::uintptr_t values = read_pointer(object - layout.managed_dict - sizeof dict);
      return values != 0 ? of_values(layout, type, values) : of_dict(layout, dict);
    }
    case AttributeStyle::kTaggedPointer:
      return (dict & 1) != 0 ? of_values(layout, type, dict + 1) : of_dict(layout, dict);
    case AttributeStyle::kInlineValues:
      if (dict == 0 && has_type_flag(python, type, kInlineValues)) {
        return of_values(layout, type, object + read_pointer(type + layout.type_basic_size));
      }
      return of_dict(layout, dict);
    case AttributeStyle::kDict:
      break;
  }
  return {};
}

}  // namespace

bool string_equals(const PythonRuntimeView& python, std::uintptr_t object, const char* text,
                   std::size_t size) {
  return string_equals(view_string(python, object), text, size);
}

bool string_equals(const StringView& string, const char* text, std::size_t size) {
  char copy[kMaxNameSize];
  return string.unit_size == 1 && string.units == size && size <= sizeof copy &&
         guarded_copy(copy, string.data, size) && std::memcmp(copy, text, size) == 0;
}

std::uintptr_t find_attribute(const PythonRuntimeView& python, std::uintptr_t object,
                              const char* name, std::size_t size) {
  if (!plausible_object(object)) return 0;
  const Attributes attributes = find_attributes(python, object);
  if (!plausible_object(attributes.keys)) return 0;
  const bool legacy = python.layout.attribute_style == AttributeStyle::kDict;
  const KeyTable table = legacy ? legacy_keys(attributes.keys) : compact_keys(attributes.keys);
  const std::int64_t count = table.count < kMaxAttributes ? table.count : kMaxAttributes;
  for (std::int64_t index = 0; index < count; ++index) {
    const std::uintptr_t key =
        table.entries + static_cast<std::uintptr_t>(index) * table.entry_size + table.key_offset;
    if (!string_equals(python, read_pointer(key), name, size)) continue;
    return read_pointer(attributes.values != 0
                            ? attributes.values + static_cast<std::uintptr_t>(index) * 8
                            : key + sizeof key);
  }
  return 0;
}

}  // namespace pyfault
