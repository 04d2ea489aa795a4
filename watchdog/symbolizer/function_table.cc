#include "watchdog/symbolizer/function_table.h"

#include <dwarf.h>
#include <elf.h>

#include <algorithm>
#include <cstring>

#include "watchdog/crash/byte_reader.h"
#include "watchdog/symbolizer/elf_image.h"

namespace pyfault {
namespace {

struct TableHeader {
  std::uint8_t version;
  std::uint8_t frames_encoding;
  std::uint8_t count_encoding;
  std::uint8_t entry_encoding;
  std::int32_t frames;
  std::uint32_t count;
};
static_assert(sizeof(TableHeader) == 12);

// Sorted by `function`.
struct TableEntry {
  std::int32_t function;
  std::int32_t information;
};
static_assert(sizeof(TableEntry) == 8);

// What linkers write. `frames` is skipped: what it is relative to does not matter.
bool is_usual(const TableHeader& header) {
  constexpr unsigned kFormat = 0x0f;
  return header.version == 1 && (header.frames_encoding & kFormat) == DW_EH_PE_sdata4 &&
         header.count_encoding == DW_EH_PE_udata4 &&
         header.entry_encoding == (DW_EH_PE_datarel | DW_EH_PE_sdata4);
}

}  // namespace

FunctionTable::FunctionTable(std::span<const std::byte> image) {
  const auto headers = program_headers(image);
  const auto segment = std::ranges::find(headers, PT_GNU_EH_FRAME, &Elf64_Phdr::p_type);
  if (segment == headers.end() || segment->p_offset > image.size()) return;
  ByteReader table(image.subspan(segment->p_offset));
  const auto header = table.read<TableHeader>();
  if (!header || !is_usual(*header)) return;
  const std::size_t entries =
      std::min<std::size_t>(header->count, table.remaining() / sizeof(TableEntry));
  address_ = segment->p_vaddr;
  entries_ = *table.take(entries * sizeof(TableEntry));
}

std::optional<std::uint64_t> FunctionTable::beginning_before(std::uint64_t address) const {
  std::size_t low = 0;
  std::size_t high = entries_.size() / sizeof(TableEntry);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (beginning(middle) <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  return beginning(low - 1);
}

std::uint64_t FunctionTable::beginning(std::size_t entry) const {
  TableEntry found;
  std::memcpy(&found, &entries_[entry * sizeof found], sizeof found);
  return address_ + static_cast<std::uint64_t>(std::int64_t{found.function});
}

}  // namespace pyfault
