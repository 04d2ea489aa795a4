#include "agent/in_signal/code_table.h"

#include "agent/in_signal/asyncio_task.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/line_table.h"
#include "agent/in_signal/python_object.h"
#include "agent/in_signal/python_string.h"

namespace pyfault {
namespace {

constexpr std::size_t kLargestCode = 256;
constexpr std::uint64_t kBytesSubclass = std::uint64_t{1} << 27;  // Py_TPFLAGS_BYTES_SUBCLASS
constexpr std::int64_t kLargestTable = std::int64_t{16} << 20;    // of a line table, in bytes
std::uint64_t hash_of(std::uintptr_t address, std::int64_t offset) {
  const std::uint64_t key = address / 16 + static_cast<std::uint64_t>(offset) * 0x9e3779b1;
  return key * 0x9e3779b97f4a7c15 >> 32;
}

void read_line_table(const PythonRuntimeView& python, std::uintptr_t bytes, CodeEntry& entry) {
  std::byte header[40];
  const PythonLayout& layout = python.layout;
  entry.line_table = 0;
  entry.line_table_size = 0;
  if (!plausible_object(bytes) ||
      !guarded_copy(header, bytes, layout.object.size + sizeof(std::int64_t))) {
    return;
  }
  const auto type = field<std::uintptr_t>(header, layout.object.type);
  const auto size = field<std::int64_t>(header, layout.object.size);
  if (size < 0 || size > kLargestTable || !has_type_flag(python, type, kBytesSubclass)) return;
  entry.line_table = bytes + layout.bytes_data;
  entry.line_table_size = static_cast<std::uint32_t>(size);
}

// A code object whose first traceable instruction lies behind its last one is CPython's own: the
// `__init__` trampoline, the interpreter's entry shim. No traceback shows them. They are a few
// instructions long: a larger one whose numbers say so has been overwritten, and is shown.
bool is_trampoline(const PythonLayout& layout, const std::byte* code, std::int64_t code_units) {
  constexpr std::int64_t kLongest = 16;
  if (layout.code.first_traceable == kAbsent) return false;
  const std::int64_t first = field<std::int32_t>(code, layout.code.first_traceable);
  return code_units > 0 && first >= code_units && first <= kLongest;
}

void fill(const PythonRuntimeView& python, const std::byte* code, CodeEntry& entry) {
  const PythonLayout& layout = python.layout;
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
  read_line_table(python, field<std::uintptr_t>(code, layout.code.line_table), entry);
}

bool append_code_section(Capture& capture, const std::byte* code, const CodeEntry& entry) {
  const PythonLayout::CodeStruct& layout = capture.python.layout.code;
  const CodeSection section{
      {SectionTag::kCode, kSectionVersion, 0}, entry.address, entry.index, entry.first_line};
  if (!capture.slot.begin_section(&section, sizeof section)) {
    capture.slot_full = true;
    return false;
  }
  const auto string_at = [&](std::uint16_t offset) {
    return append_string(capture, field<std::uintptr_t>(code, offset));
  };
  return string_at(layout.file_name) &&
         (layout.qualified_name != kAbsent ? string_at(layout.qualified_name)
                                           : append_no_string(capture)) &&
         string_at(layout.name) && capture.slot.end_section();
}

bool read_code(Capture& capture, CodeEntry& entry) {
  const PythonRuntimeView& python = capture.python;
  std::byte code[kLargestCode];
  if (!guarded_copy(code, entry.address, python.layout.code.size) ||
      field<std::uintptr_t>(code, python.layout.object.type) != python.code_type) {
    return false;
  }
  fill(python, code, entry);
  if (entry.hidden) return true;
  entry.runs_callbacks =
      is_handle_run(python, field<std::uintptr_t>(code, python.layout.code.name));
  entry.index = capture.scratch.code_count++;
  return append_code_section(capture, code, entry);
}

// Free-threaded builds of 3.14 on give each thread its own copy of the instructions.
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
  // One code unit before the first is where 3.11 and 3.12 stand in a frame that has not begun.
  return layout.position == FramePosition::kInstructionPointer &&
         (offset < -2 || offset >= std::int64_t{code.instruction_bytes});
}

}  // namespace

const CodeEntry* find_code(Capture& capture, std::uintptr_t address) {
  if (!plausible_object(address)) return nullptr;
  const auto [entry, found] = capture.scratch.codes.find_or_add(
      hash_of(address, 0),
      [address](const CodeEntry& candidate) { return candidate.address == address; });
  if (found) return &entry;
  entry.address = address;
  if (read_code(capture, entry)) return &entry;
  entry.address = 0;
  return nullptr;
}

Position find_position(Capture& capture, const CodeEntry& code, const RawFrame& frame) {
  const PythonLayout& layout = capture.python.layout;
  const std::int64_t offset = instruction_offset(layout, code, frame);
  if (outside_code(layout, code, offset)) return {.line = kAstray};
  const auto [entry, found] = capture.scratch.positions.find_or_add(
      hash_of(code.address, offset), [&](const PositionEntry& candidate) {
        return candidate.code == code.address && candidate.offset == offset;
      });
  if (!found) entry = {code.address, offset, locate(layout.line_table, code, offset)};
  return entry.position;
}

}  // namespace pyfault
