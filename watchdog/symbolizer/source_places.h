// What the debug information of a module says of an address: the functions that were inlined there,
// source files and lines.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "watchdog/symbolizer/loaded_module.h"

namespace pyfault {

struct SourcePlace {
  std::string function;    // empty: unknown
  std::string file;        // empty: unknown
  std::uint32_t line = 0;  // 0: unknown
};

class SourcePlaces {
 public:
  explicit SourcePlaces(const LoadedModule& module);

  // Innermost first, each inlined into the next. Empty if nothing is known of the address.
  std::vector<SourcePlace> at(std::uint64_t address);

 private:
  // Says which entry of the debug information stands for the code at an address.
  class Index {
   public:
    // Adds what `entry` says of its own code.
    void add(Dwarf_Die& entry);
    void sort();
    std::optional<Dwarf_Off> find(Dwarf_Addr address) const;

   private:
    struct Range {
      Dwarf_Addr begin;
      Dwarf_Addr end;
      Dwarf_Off entry;
    };
    std::vector<Range> ranges_;
  };

  // Whether functions within others count.
  enum class Depth { kOutermost, kAll };

  std::optional<Dwarf_Die> unit_at(Dwarf_Addr address);
  std::optional<Dwarf_Die> function_at(Dwarf_Die& unit, Dwarf_Addr address);
  const Index& functions_of(Dwarf_Die& unit, Depth depth);
  void add_functions(Dwarf_Die& parent, Depth depth, int level, Index& index);
  std::optional<Dwarf_Die> entry_at(const Index& index, Dwarf_Addr address) const;

  Dwarf_Addr bias_ = 0;  // before dwarf_, which sets it
  Dwarf* dwarf_ = nullptr;
  std::unique_ptr<const Index> units_;                      // made when it is first needed
  std::map<std::pair<Dwarf_Off, Depth>, Index> functions_;  // of each unit
  std::size_t entries_left_;
};

}  // namespace pyfault
