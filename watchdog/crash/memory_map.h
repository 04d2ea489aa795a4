// The memory map of a process, as /proc/PID/maps lists it. The text is hostile: a process chooses
// the paths of what it maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t end = 0;  // exclusive
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool shared = false;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t device = 0;  // as makedev() gives it
  std::uint64_t inode = 0;   // 0: no file
  // Valid UTF-8, without " (deleted)"; or a name such as "[stack]"; empty: anonymous. If the path
  // had other bytes, it leads to no file.
  std::string path;
  bool deleted = false;

  std::uint64_t size() const { return end - start; }
};

class MemoryMap {
 public:
  static constexpr std::size_t kMaxMappings = 65536;

  MemoryMap() = default;
  // Lines that are malformed, out of order or beyond kMaxMappings are left out.
  explicit MemoryMap(std::string_view text);

  const std::vector<Mapping>& mappings() const { return mappings_; }
  bool empty() const { return mappings_.empty(); }

  // Returns the mapping that contains the address, or null.
  const Mapping* find(std::uint64_t address) const;
  // Returns the last mapping that ends at or below the address, and the first one that begins above
  // it; null if there is none.
  const Mapping* below(std::uint64_t address) const;
  const Mapping* above(std::uint64_t address) const;

 private:
  std::vector<Mapping> mappings_;  // ascending, without overlap
};

}  // namespace pyfault
