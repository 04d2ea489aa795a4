#include "watchdog/symbolizer/source_places.h"

#include <dwarf.h>

#include <algorithm>
#include <iterator>

#include "watchdog/symbolizer/names.h"

namespace pyfault {
namespace {

// Enough for the largest programs. Damaged information may be endless.
constexpr std::size_t kMaxEntries = 20'000'000;
constexpr std::size_t kMaxRanges = 10'000'000;
constexpr int kMaxDepth = 64;

bool is_namespace_or_type(int tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
         tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

bool is_function_or_block(int tag) {
  return tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block;
}

// Calls `visit` with each child, until it returns false or `left` is used up.
template <typename Visit>
void visit_children(Dwarf_Die& parent, std::size_t& left, Visit visit) {
  Dwarf_Die child;
  if (::dwarf_child(&parent, &child) != 0) return;
  do {
    if (left == 0) return;
    --left;
    if (!visit(child)) return;
  } while (::dwarf_siblingof(&child, &child) == 0);
}

std::optional<Dwarf_Word> number_of(Dwarf_Die& entry, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (::dwarf_formudata(::dwarf_attr(&entry, name, &attribute), &value) != 0) return std::nullopt;
  return value;
}

// Also of an entry that refers to the one with the name.
std::string name_of(Dwarf_Die& entry) {
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    Dwarf_Attribute attribute;
    const char* text = ::dwarf_formstring(::dwarf_attr_integrate(&entry, name, &attribute));
    if (text != nullptr) return demangled(text);
  }
  const char* text = ::dwarf_diename(&entry);
  return text != nullptr ? text : "";
}

SourcePlace line_at(Dwarf_Die& unit, Dwarf_Addr address) {
  SourcePlace place;
  Dwarf_Line* line = ::dwarf_getsrc_die(&unit, address);
  int number = 0;
  if (line == nullptr || ::dwarf_lineno(line, &number) != 0 || number <= 0) return place;
  const char* file = ::dwarf_linesrc(line, nullptr, nullptr);
  if (file != nullptr) place.file = file;
  place.line = static_cast<std::uint32_t>(number);
  return place;
}

// The place of the call that `inlined` has replaced.
SourcePlace call_of(Dwarf_Die& inlined, Dwarf_Die& unit) {
  SourcePlace place;
  place.line = static_cast<std::uint32_t>(number_of(inlined, DW_AT_call_line).value_or(0));
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  const auto number = number_of(inlined, DW_AT_call_file);
  if (!number || ::dwarf_getsrcfiles(&unit, &files, &count) != 0 || *number >= count) return place;
  const char* file = ::dwarf_filesrc(files, *number, nullptr, nullptr);
  if (file != nullptr) place.file = file;
  return place;
}

// Returns the calls that were inlined into the function where the address is, outermost first.
std::vector<Dwarf_Die> inlined_at(Dwarf_Die function, Dwarf_Addr address, std::size_t& left) {
  std::vector<Dwarf_Die> calls;
  std::optional<Dwarf_Die> scope = function;
  for (int depth = 0; scope && depth < kMaxDepth; ++depth) {
    std::optional<Dwarf_Die> inner;
    visit_children(*scope, left, [&](Dwarf_Die& child) {
      const int tag = ::dwarf_tag(&child);
      const bool is_scope = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block;
      if (is_scope && ::dwarf_haspc(&child, address) > 0) inner = child;
      return !inner;
    });
    if (inner && ::dwarf_tag(&*inner) == DW_TAG_inlined_subroutine) calls.push_back(*inner);
    scope = inner;
  }
  return calls;
}

}  // namespace

void SourcePlaces::Index::add(Dwarf_Die& entry) {
  Dwarf_Addr base = 0;
  Dwarf_Addr begin = 0;
  Dwarf_Addr end = 0;
  std::ptrdiff_t next = 0;
  while (ranges_.size() < kMaxRanges &&
         (next = ::dwarf_ranges(&entry, next, &base, &begin, &end)) > 0) {
    ranges_.push_back({begin, end, ::dwarf_dieoffset(&entry)});
  }
}

void SourcePlaces::Index::sort() {
  std::ranges::sort(ranges_, {}, &Range::begin);
}

std::optional<Dwarf_Off> SourcePlaces::Index::find(Dwarf_Addr address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::begin);
  if (after == ranges_.begin()) return std::nullopt;
  const Range& range = *std::prev(after);
  if (address >= range.end) return std::nullopt;
  return range.entry;
}

SourcePlaces::SourcePlaces(const LoadedModule& module)
    : dwarf_(::dwfl_module_getdwarf(module.get(), &bias_)), entries_left_(kMaxEntries) {}

std::vector<SourcePlace> SourcePlaces::at(std::uint64_t address) {
  std::vector<SourcePlace> places;
  auto unit = dwarf_ != nullptr ? unit_at(address - bias_) : std::nullopt;
  if (!unit) return places;
  SourcePlace place = line_at(*unit, address - bias_);
  auto function = function_at(*unit, address - bias_);
  if (function) {
    auto calls = inlined_at(*function, address - bias_, entries_left_);
    std::ranges::reverse(calls);
    for (Dwarf_Die& call : calls) {
      place.function = name_of(call);
      places.push_back(place);
      place = call_of(call, *unit);
    }
    place.function = name_of(*function);
  }
  if (function || place.line != 0) places.push_back(place);
  return places;
}

// Compilers may list the units by address (.debug_aranges). Clang does not.
std::optional<Dwarf_Die> SourcePlaces::unit_at(Dwarf_Addr address) {
  Dwarf_Die listed;
  if (::dwarf_addrdie(dwarf_, address, &listed) != nullptr) return listed;
  if (!units_) {
    auto index = std::make_unique<Index>();
    Dwarf_CU* unit = nullptr;
    Dwarf_Die entry;
    while (::dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, &entry, nullptr) == 0) {
      index->add(entry);
    }
    index->sort();
    units_ = std::move(index);
  }
  return entry_at(*units_, address);
}

// Most functions do not lie within others. Those that do, such as lambdas, are only looked for when
// there is no other, because that means to read all that is known of every function.
std::optional<Dwarf_Die> SourcePlaces::function_at(Dwarf_Die& unit, Dwarf_Addr address) {
  const auto function = entry_at(functions_of(unit, Depth::kOutermost), address);
  return function ? function : entry_at(functions_of(unit, Depth::kAll), address);
}

const SourcePlaces::Index& SourcePlaces::functions_of(Dwarf_Die& unit, Depth depth) {
  const auto [known, is_new] = functions_.try_emplace({::dwarf_dieoffset(&unit), depth});
  Index& index = known->second;
  if (is_new) {
    add_functions(unit, depth, 0, index);
    index.sort();
  }
  return index;
}

void SourcePlaces::add_functions(Dwarf_Die& parent, Depth depth, int level, Index& index) {
  visit_children(parent, entries_left_, [&](Dwarf_Die& child) {
    const int tag = ::dwarf_tag(&child);
    if (tag == DW_TAG_subprogram) index.add(child);
    const bool has_functions =
        is_namespace_or_type(tag) || (depth == Depth::kAll && is_function_or_block(tag));
    if (has_functions && level < kMaxDepth) add_functions(child, depth, level + 1, index);
    return true;
  });
}

std::optional<Dwarf_Die> SourcePlaces::entry_at(const Index& index, Dwarf_Addr address) const {
  const auto offset = index.find(address);
  Dwarf_Die entry;
  if (!offset || ::dwarf_offdie(dwarf_, *offset, &entry) == nullptr) return std::nullopt;
  return entry;
}

}  // namespace pyfault
