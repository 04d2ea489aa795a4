#include "agent/in_signal/call_frame_info.h"

#include <elf.h>
#include <link.h>

#include "agent/arch/processor.h"
#include "agent/in_signal/byte_cursor.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/loaded_code.h"

namespace pyfault {
namespace {

// Encodings of pointers (DW_EH_PE_*): the low half says how many bytes there are, the next three
// bits what the value is relative to.
constexpr std::uint8_t kAbsolute8 = 0x00, kUnsigned4 = 0x03, kSigned4 = 0x0b, kSigned8 = 0x0c;
constexpr std::uint8_t kFormat = 0x0f, kRelation = 0x70, kIndirect = 0x80;
constexpr std::uint8_t kRelativeToItself = 0x10, kRelativeToTable = 0x30;

// .eh_frame_hdr in the form that linkers write.
struct TableHeader {
  std::uint8_t version, frames_encoding, count_encoding, table_encoding;
  std::int32_t frames;
  std::uint32_t count;
};
struct TableEntry {
  std::int32_t function, info;  // relative to the header
};

bool find_table(const LoadedModule& module, std::uintptr_t& table) {
  ElfW(Phdr) segment;
  for (std::uint32_t index = 0; index < module.header_count; ++index) {
    if (!guarded_read(module.headers + index * sizeof segment, segment)) return false;
    if (segment.p_type != PT_GNU_EH_FRAME) continue;
    table = module.base + segment.p_vaddr;
    return true;
  }
  return false;
}

// Finds the last function that begins at or before `address`.
bool look_up(std::uintptr_t table, std::uintptr_t address, std::uintptr_t& info) {
  TableHeader header;
  if (!guarded_read(table, header) || header.version != 1 || header.count_encoding != kUnsigned4 ||
      header.table_encoding != (kRelativeToTable | kSigned4)) {
    return false;
  }
  const std::uintptr_t entries = table + sizeof header;
  std::uint32_t low = 0;
  std::uint32_t high = header.count;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    TableEntry entry;
    if (!guarded_read(entries + middle * sizeof entry, entry)) return false;
    if (table + static_cast<std::uintptr_t>(std::intptr_t{entry.function}) <= address) {
      info = table + static_cast<std::uintptr_t>(std::intptr_t{entry.info});
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0;
}

std::uintptr_t read_pointer(ByteCursor& bytes, std::uint8_t encoding) {
  const std::uintptr_t here = (encoding & kRelation) == kRelativeToItself ? bytes.position() : 0;
  switch (encoding & kFormat) {
    case kAbsolute8:
    case kSigned8:
      return here + bytes.read<std::uint64_t>();
    case kUnsigned4:
      return here + bytes.read<std::uint32_t>();
    case kSigned4:
      return here + static_cast<std::uintptr_t>(std::intptr_t{bytes.read<std::int32_t>()});
    default:
      bytes.skip(UINT64_MAX);
      return 0;
  }
}

// Opens an entry of .eh_frame, which begins with its length. Returns an empty cursor if it is the
// end mark, or one of the 64-bit format.
ByteCursor open_entry(std::uintptr_t address, std::uintptr_t& end) {
  constexpr std::uint32_t kLongest = 0xfffffff0;
  std::uint32_t length = 0;
  end = guarded_read(address, length) && length < kLongest ? address + sizeof length + length : 0;
  return {address + sizeof length, end};
}

// The common part of several functions' information.
struct Common {
  std::uint8_t pointer_encoding = kAbsolute8;
  bool has_sizes = false;  // of augmentation data
};

// Reads the characters of the augmentation string, and after them what each announces.
void read_augmentation(ByteCursor& common, std::uintptr_t string, std::uintptr_t string_end,
                       Common& found) {
  ByteCursor letters(string, string_end);
  if (letters.read<char>() != 'z') return;
  found.has_sizes = true;
  const std::uint64_t size = common.read_unsigned();
  const std::uintptr_t end = common.position() + size;
  while (!letters.at_end() && common.ok()) {
    switch (letters.read<char>()) {
      case 'R':
        found.pointer_encoding = common.read<std::uint8_t>();
        break;
      case 'P':
        read_pointer(common, common.read<std::uint8_t>());
        break;
      case 'L':
        common.read<std::uint8_t>();
        break;
      case 'S':
        return common.skip(UINT64_MAX);  // the frame of a signal handler, which is no call
      default:
        break;
    }
  }
  common.skip(common.position() <= end ? end - common.position() : UINT64_MAX);
}

bool read_common(std::uintptr_t address, Common& found, CallFrameInfo& info) {
  std::uintptr_t end = 0;
  ByteCursor common = open_entry(address, end);
  const bool is_common = common.read<std::uint32_t>() == 0;
  const auto version = common.read<std::uint8_t>();
  if (!common.ok() || !is_common || (version != 1 && version != 3)) return false;
  const std::uintptr_t string = common.position();
  while (common.ok() && common.read<char>() != '\0') continue;
  const std::uintptr_t string_end = common.position() - 1;
  info.code_alignment = common.read_unsigned();
  info.data_alignment = common.read_signed();
  const std::uint64_t return_column =
      version == 1 ? common.read<std::uint8_t>() : common.read_unsigned();
  if (string_end > string) read_augmentation(common, string, string_end, found);
  info.shared_program = {common.position(), end};
  return common.ok() && return_column == kReturnColumn;
}

bool read_own(std::uintptr_t address, CallFrameInfo& info) {
  std::uintptr_t end = 0;
  ByteCursor own = open_entry(address, end);
  const std::uintptr_t distance_from = own.position();
  const auto distance = own.read<std::uint32_t>();
  Common common;
  if (!own.ok() || distance == 0 || !read_common(distance_from - distance, common, info)) {
    return false;
  }
  if ((common.pointer_encoding & kIndirect) != 0) return false;
  info.function.begin = read_pointer(own, common.pointer_encoding);
  info.function.end = info.function.begin + read_pointer(own, common.pointer_encoding & kFormat);
  if (common.has_sizes) own.skip(own.read_unsigned());
  info.program = {own.position(), end};
  return own.ok();
}

}  // namespace

bool find_call_frame_info(const PythonRuntimeView& python, std::uintptr_t address,
                          CallFrameInfo& info) {
  LoadedModule module;
  std::uintptr_t table = 0;
  std::uintptr_t entry = 0;
  return find_loaded_module(python, address, module) && find_table(module, table) &&
         look_up(table, address, entry) && read_own(entry, info) && info.function.has(address);
}

}  // namespace pyfault
