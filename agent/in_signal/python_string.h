// Copies a Python str into the slot unchanged, as a StringHeader and raw code units (record.h).
//
// Context: see capture.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/cpython/python_layout.h"
#include "shared/record.h"

namespace pyfault {

struct Capture;

// The location of a str's code units. unit_size 0: not a readable str.
struct StringView {
  std::uintptr_t data = 0;
  std::uint32_t units = 0;
  std::uint8_t unit_size = 0;
  std::uint8_t truncated = 0;
  std::uint64_t hash = kNoHash;
};

StringView view_string(const PythonRuntimeView& python, std::uintptr_t object);

// Appends the str at `object`, or the mark of an unreadable one. Returns false, with
// capture.slot_full set, if the slot has no room.
bool append_string(Capture& capture, std::uintptr_t object);
bool append_string(Capture& capture, const StringView& string);

// The same for several strings at once, into memory of this size that the caller has reserved.
// write_string() returns false if the str has become unreadable; what it has written is undefined.
inline std::size_t size_in_record(const StringView& string) {
  return sizeof(StringHeader) + record_padded(std::size_t{string.units} * string.unit_size);
}
bool write_string(std::byte* place, const StringView& string);

// Appends the mark of an unreadable string. Fails like append_string().
bool append_no_string(Capture& capture);

}  // namespace pyfault
