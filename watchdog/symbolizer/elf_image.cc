#include "watchdog/symbolizer/elf_image.h"

#include <algorithm>
#include <cstring>

#include "watchdog/crash/byte_reader.h"

namespace pyfault {
namespace {

constexpr std::uint64_t kPage = 4096;

bool is_loadable(const Elf64_Ehdr& head) {
  return std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 && head.e_ident[EI_CLASS] == ELFCLASS64 &&
         head.e_ident[EI_DATA] == ELFDATA2LSB && head.e_machine == EM_X86_64 &&
         (head.e_type == ET_EXEC || head.e_type == ET_DYN) &&
         head.e_phentsize == sizeof(Elf64_Phdr);
}

std::vector<Elf64_Phdr> loaded_segments(std::span<const std::byte> image) {
  std::vector<Elf64_Phdr> segments = program_headers(image);
  std::erase_if(segments, [](const Elf64_Phdr& segment) { return segment.p_type != PT_LOAD; });
  return segments;
}

// A segment is mapped in whole pages.
bool can_be(const Elf64_Phdr& segment, const InputMapping& mapping) {
  const std::uint64_t begin = segment.p_offset & ~(kPage - 1);
  return (segment.p_flags & PF_X) != 0 && mapping.offset >= begin &&
         mapping.offset - begin < segment.p_filesz + (segment.p_offset - begin);
}

}  // namespace

std::vector<Elf64_Phdr> program_headers(std::span<const std::byte> image) {
  std::vector<Elf64_Phdr> headers;
  const auto head = ByteReader(image).read<Elf64_Ehdr>();
  if (!head || !is_loadable(*head) || head->e_phoff > image.size()) return headers;
  ByteReader reader(image.subspan(head->e_phoff));
  for (unsigned index = 0; index < head->e_phnum; ++index) {
    const auto header = reader.read<Elf64_Phdr>();
    if (!header) break;
    headers.push_back(*header);
  }
  return headers;
}

std::optional<ElfPlace> place_of(std::span<const std::byte> image, const InputMapping& mapping) {
  const std::vector<Elf64_Phdr> segments = loaded_segments(image);
  const auto executable = std::ranges::find_if(
      segments, [&](const Elf64_Phdr& segment) { return can_be(segment, mapping); });
  if (executable == segments.end()) return std::nullopt;
  ElfPlace place;
  place.bias = mapping.start - mapping.offset + executable->p_offset - executable->p_vaddr;
  const Elf64_Phdr& first = segments.front();
  place.start = place.bias + (first.p_vaddr & -first.p_align);
  place.end = mapping.end;
  for (const Elf64_Phdr& segment : segments) {
    place.end = std::max(place.end, place.bias + segment.p_vaddr + segment.p_memsz);
  }
  if (place.start >= place.end) return std::nullopt;
  return place;
}

}  // namespace pyfault
