// Reads back what has been committed to a slot, section by section.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "shared/record.h"
#include "shared/ring_layout.h"

namespace pyfault::test {

struct WrittenSection {
  SectionTag tag;
  std::span<const std::byte> bytes;  // with the header

  template <class T>
  T head() const {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  // What follows the fixed part, a T.
  template <class T>
  std::span<const std::byte> rest() const {
    return bytes.subspan(sizeof(T));
  }
};

inline std::vector<WrittenSection> committed_sections(SlotHeader& slot) {
  std::span<const std::byte> left(slot_payload(&slot), slot.committed.load());
  std::vector<WrittenSection> sections;
  while (left.size() >= sizeof(SectionHeader)) {
    SectionHeader header;
    std::memcpy(&header, left.data(), sizeof header);
    sections.push_back({header.tag, left.first(header.size)});
    left = left.subspan(header.size);
  }
  return sections;
}

inline std::vector<WrittenSection> those_with(SectionTag tag,
                                              std::vector<WrittenSection> sections) {
  std::erase_if(sections, [tag](const WrittenSection& section) { return section.tag != tag; });
  return sections;
}

}  // namespace pyfault::test
