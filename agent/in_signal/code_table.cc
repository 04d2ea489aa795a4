#include "agent/in_signal/code_table.h"

#include "agent/in_signal/asyncio_task.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/line_table.h"
#include "agent/in_signal/python_object.h"
#include "agent/in_signal/python_string.h"

namespace pyfault {
namespace {

constexpr std::size_t kLargestCode = 256;
constexpr std::size_t kPartSize = 128;  // of a str or a line table with its header; most fit
constexpr std::uint64_t kBytesSubclass = std::uint64_t{1} << 27;  // Py_TPFLAGS_BYTES_SUBCLASS
constexpr std::int64_t kLargestTable = std::int64_t{16} << 20;    // of a line table, in bytes

std::uint64_t hash_of(std::uintptr_t code, std::uintptr_t position) {
  const std::uint64_t key = code / 16 + position * 0x9e3779b1;
  return key * 0x9e3779b97f4a7c15 >> 32;
}

// All line tables have the same type.
bool is_bytes_type(Capture& capture, std::uintptr_t type) {
  CaptureScratch& scratch = capture.scratch;
  if (type == scratch.bytes_type) return true;
  if (!has_type_flag(capture.python, type, kBytesSubclass)) return false;
  scratch.bytes_type = type;
  return true;
}

void read_line_table(Capture& capture, std::uintptr_t bytes, CodeEntry& entry) {
  std::byte header[40];
  const PythonLayout& layout = capture.python.layout;
  entry.line_table = 0;
  entry.line_table_size = 0;
  if (!plausible_object(bytes) ||
      !guarded_copy(header, bytes, layout.object.size + sizeof(std::int64_t))) {
    return;
  }
  const auto type = field<std::uintptr_t>(header, layout.object.type);
  const auto size = field<std::int64_t>(header, layout.object.size);
  if (size < 0 || size > kLargestTable || !is_bytes_type(capture, type)) return;
  entry.line_table = bytes + layout.bytes_data;
  entry.line_table_size = static_cast<std::uint32_t>(size);
}

// A code object whose first traceable instruction is its last one, or lies after that, is CPython's
// own (the interpreter's entry shim, the `__init__` trampoline), and no traceback shows it. These
// are a few instructions long; a larger one with such numbers has been overwritten, and is shown.
bool is_trampoline(const PythonLayout& layout, const std::byte* code, std::int64_t code_units) {
  constexpr std::int64_t kLongest = 16;
  if (layout.code.first_traceable == kAbsent) return false;
  const std::int64_t first = field<std::int32_t>(code, layout.code.first_traceable);
  return code_units > 1 && first >= code_units - 1 && first <= kLongest;
}

void fill(Capture& capture, const std::byte* code, CodeEntry& entry) {
  const PythonLayout& layout = capture.python.layout;
  entry.first_line = field<std::int32_t>(code, layout.code.first_line);
  entry.hidden = false;
  entry.instructions = 0;
  entry.instruction_bytes = 0;
  if (layout.code.instructions != kAbsent) {
    const auto code_units = field<std::int64_t>(code, layout.object.size);
    entry.instructions = entry.address + layout.code.instructions;
    entry.instruction_bytes = static_cast<std::uint32_t>(code_units * 2);
    entry.hidden = is_trampoline(layout, code, code_units);
  }
  read_line_table(capture, field<std::uintptr_t>(code, layout.code.line_table), entry);
}

struct CodeNames {
  StringView file, qualified, plain;
};

StringView view_file_name(Capture& capture, std::uintptr_t object) {
  CaptureScratch& scratch = capture.scratch;
  if (object != scratch.file_name) {
    scratch.file_name_view = view_string(capture.python, object);
    scratch.file_name = object;
  }
  return scratch.file_name_view;
}

// Both names of a top-level function are the same object.
CodeNames view_names(Capture& capture, const std::byte* code) {
  const PythonLayout::CodeStruct& layout = capture.python.layout.code;
  const auto plain = field<std::uintptr_t>(code, layout.name);
  CodeNames names;
  names.file = view_file_name(capture, field<std::uintptr_t>(code, layout.file_name));
  names.plain = view_string(capture.python, plain);
  if (layout.qualified_name == kAbsent) return names;
  const auto qualified = field<std::uintptr_t>(code, layout.qualified_name);
  names.qualified = qualified == plain ? names.plain : view_string(capture.python, qualified);
  return names;
}

// Returns the end of what was written. A name that has become unreadable is made an empty view, and
// null is returned: its size was another one.
std::byte* write_name(std::byte* place, StringView& name) {
  if (place == nullptr) return nullptr;
  if (write_string(place, name)) return place + size_in_record(name);
  name = {};
  return nullptr;
}

// Writes the section as a whole, and again if one of its strings has become unreadable.
bool append_code_section(Capture& capture, CodeNames& names, const CodeEntry& entry) {
  const std::size_t before = capture.slot.cursor();
  const std::byte* end = nullptr;
  while (end == nullptr) {
    const std::size_t size = sizeof(CodeSection) + size_in_record(names.file) +
                             size_in_record(names.qualified) + size_in_record(names.plain);
    capture.slot.rewind(before);
    std::byte* place = capture.slot.reserve(size);
    if (place == nullptr) {
      capture.slot_full = true;
      return false;
    }
    const CodeSection section{
        {SectionTag::kCode, kSectionVersion, static_cast<std::uint32_t>(size)},
        entry.address,
        entry.index,
        entry.first_line};
    std::memcpy(place, &section, sizeof section);
    end = write_name(write_name(write_name(place + sizeof section, names.file), names.qualified),
                     names.plain);
  }
  return true;
}

// Prefetches everything that a code object points at, so memory is waited for once instead of once
// per part.
void prefetch_parts(const PythonLayout::CodeStruct& layout, const std::byte* code) {
  for (const std::uint16_t part : {layout.line_table, layout.name, layout.qualified_name}) {
    if (part != kAbsent) prefetch(field<std::uintptr_t>(code, part), kPartSize);
  }
}

bool read_code(Capture& capture, CodeEntry& entry) {
  const PythonRuntimeView& python = capture.python;
  std::byte code[kLargestCode];
  if (!guarded_copy(code, entry.address, python.layout.code.size) ||
      field<std::uintptr_t>(code, python.layout.object.type) != python.code_type) {
    return false;
  }
  prefetch_parts(python.layout.code, code);
  fill(capture, code, entry);
  if (entry.hidden) return true;
  CodeNames names = view_names(capture, code);
  entry.runs_callbacks = is_handle_run(python, names.plain);
  entry.index = capture.scratch.code_count++;
  return append_code_section(capture, names, entry);
}

// Free-threaded builds from 3.14 on give each thread its own copy of the instructions.
std::uintptr_t thread_local_instructions(const PythonLayout& layout, const CodeEntry& code,
                                         std::int32_t index) {
  std::uintptr_t array = 0;
  std::int64_t count = 0;
  std::uintptr_t instructions = 0;
  if (index <= 0 || !guarded_read(code.address + layout.code.tlbc, array) || array == 0 ||
      !guarded_read(array, count) || index >= count) {
    return code.instructions;
  }
  const std::uintptr_t entry = array + sizeof count + static_cast<std::uintptr_t>(index) * 8;
  return guarded_read(entry, instructions) ? instructions : 0;
}

std::int64_t instruction_offset(const PythonLayout& layout, const CodeEntry& code,
                                const RawFrame& frame) {
  const auto position = static_cast<std::int64_t>(frame.position);
  if (layout.position == FramePosition::kByteOffset) return position;
  if (layout.position == FramePosition::kCodeUnitOffset) return 2 * position;
  const std::uintptr_t first = layout.code.tlbc == kAbsent
                                   ? code.instructions
                                   : thread_local_instructions(layout, code, frame.tlbc_index);
  return static_cast<std::int64_t>(frame.position - first);
}

bool outside_code(const PythonLayout& layout, const CodeEntry& code, std::int64_t offset) {
  // In 3.11 and 3.12, a frame that has not started points one code unit before the first.
  return layout.position == FramePosition::kInstructionPointer &&
         (offset < -2 || offset >= std::int64_t{code.instruction_bytes});
}

Position find_position(const PythonLayout& layout, const CodeEntry& code, const RawFrame& frame) {
  const std::int64_t offset = instruction_offset(layout, code, frame);
  if (outside_code(layout, code, offset)) return {.line = kOutsideCode};
  return locate(layout.line_table, code, offset);
}

// Returns null if there is no readable code object at `address`, or no room for its section.
const CodeEntry* find_code(Capture& capture, std::uintptr_t address) {
  const auto [entry, found] = capture.scratch.codes.find_or_add(
      hash_of(address, 0),
      [address](const CodeEntry& candidate) { return candidate.address == address; });
  if (found) return &entry;
  entry.address = address;
  if (read_code(capture, entry)) return &entry;
  entry.address = 0;
  return nullptr;
}

// Not inlined into find_place(), which is short for all frames but the first at a place.
[[gnu::noinline]] bool fill_place(Capture& capture, const RawFrame& frame, PlaceEntry& place) {
  place.code = 0;  // matches no frame until the place is filled
  const CodeEntry* code = find_code(capture, frame.code);
  if (code == nullptr) return false;
  const Position at = find_position(capture.python.layout, *code, frame);
  place = {frame.code,
           frame.position,
           frame.tlbc_index,
           code->runs_callbacks,
           code->hidden,
           {FrameKind::kCode, {}, code->index, at.line, at.end_line, at.column, at.end_column, 0}};
  return true;
}

}  // namespace

const PlaceEntry* find_place(Capture& capture, const RawFrame& frame) {
  if (!plausible_object(frame.code)) return nullptr;
  const auto [place, found] = capture.scratch.places.find_or_add(
      hash_of(frame.code, frame.position), [&frame](const PlaceEntry& candidate) {
        return candidate.code == frame.code && candidate.position == frame.position &&
               candidate.tlbc_index == frame.tlbc_index;
      });
  return found || fill_place(capture, frame, place) ? &place : nullptr;
}

void prefetch_place(const Capture& capture, const RawFrame& frame) {
  capture.scratch.places.prefetch(hash_of(frame.code, frame.position));
  capture.scratch.codes.prefetch(hash_of(frame.code, 0));
  prefetch(frame.code, capture.python.layout.code.size);
}

}  // namespace pyfault
