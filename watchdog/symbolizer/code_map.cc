#include "watchdog/symbolizer/code_map.h"

#include <elf.h>
#include <sys/auxv.h>

#include <algorithm>

#include "watchdog/symbolizer/call_instruction.h"

namespace pyfault {
namespace {

// The vDSO of this process, which is that of every 64-bit process of this kernel. Its section
// headers come last.
std::span<std::byte> vdso_image() {
  const auto address = ::getauxval(AT_SYSINFO_EHDR);
  if (address == 0) return {};
  const auto& head = *reinterpret_cast<const Elf64_Ehdr*>(address);
  return {reinterpret_cast<std::byte*>(address),
          head.e_shoff + std::size_t{head.e_shnum} * head.e_shentsize};
}

}  // namespace

CodeMap::CodeMap(std::span<const InputMapping> mappings, FileClient& files)
    : mappings_(mappings), files_(files), places_(mappings.size()) {}

const InputMapping* CodeMap::find(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(mappings_, address, {}, &InputMapping::start);
  if (after == mappings_.begin()) return nullptr;
  const InputMapping& mapping = *std::prev(after);
  return address < mapping.end ? &mapping : nullptr;
}

LoadedModule* CodeMap::module_of(const InputMapping& mapping) {
  Place& place = places_[index_of(mapping)];
  if (!std::exchange(place.is_resolved, true)) place.module = load(mapping);
  return place.module;
}

LoadedModule* CodeMap::module_at(std::uint64_t address) {
  const InputMapping* mapping = find(address);
  return mapping != nullptr ? module_of(*mapping) : nullptr;
}

bool CodeMap::follows_call(std::uint64_t address) {
  const InputMapping* mapping = find(address - 1);
  if (mapping == nullptr || module_of(*mapping) == nullptr) return false;
  const std::span<const std::byte> image = image_of(mapping->module);
  const std::uint64_t size =
      std::min<std::uint64_t>(address - mapping->start, kLongestCallInstruction);
  const std::uint64_t end = address - mapping->start + mapping->offset;
  if (end < size || end > image.size()) return false;
  return ends_with_call(image.subspan(end - size, size));
}

std::vector<CodeMap::Loaded> CodeMap::loaded() const {
  std::vector<Loaded> all;
  for (std::size_t index = 0; index < places_.size(); ++index) {
    if (places_[index].module == nullptr) continue;
    all.push_back({static_cast<std::uint32_t>(index), places_[index].module});
  }
  return all;
}

std::span<std::byte> CodeMap::image_of(std::uint32_t module) {
  if (module == kVdso) return vdso_image();
  if (module == kAnonymous || module == kUnopened) return {};
  const auto known = images_.find(module);
  if (known != images_.end()) return known->second.bytes();
  return images_.emplace(module, files_.module(module)).first->second.bytes();
}

LoadedModule* CodeMap::load(const InputMapping& mapping) {
  const std::span<std::byte> image = image_of(mapping.module);
  const auto place = place_of(image, mapping);
  if (!place) return nullptr;
  for (const auto& module : modules_) {
    if (module->number() == mapping.module && module->bias() == place->bias) return module.get();
  }
  auto module = LoadedModule::load(image, *place, mapping.module, files_);
  if (!module) return nullptr;
  return modules_.emplace_back(std::move(module)).get();
}

}  // namespace pyfault
