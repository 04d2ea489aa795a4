#include "agent/in_signal/loaded_code.h"

#include <elf.h>
#include <link.h>

#include <cstring>

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

// Finds the highest base at or below `address`; 0 if there is none. Modules do not overlap, so only
// the one with this base can contain the address. Returns false if the list cannot be read.
bool find_base_below(std::uintptr_t list, std::uintptr_t address, std::uintptr_t& base) {
  r_debug head;
  if (!plausible_object(list) || !guarded_read(list, head)) return false;
  auto next = reinterpret_cast<std::uintptr_t>(head.r_map);
  base = 0;
  for (std::uint32_t count = 0; next != 0; ++count) {
    link_map module;
    if (count == kMaxModules || !plausible_object(next) || !guarded_read(next, module)) {
      return false;
    }
    if (module.l_addr <= address && module.l_addr > base) base = module.l_addr;
    next = reinterpret_cast<std::uintptr_t>(module.l_next);
  }
  return true;
}

bool find_headers(std::uintptr_t base, LoadedModule& module) {
  ElfW(Ehdr) header;
  if (!guarded_read(base, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum > kMaxSegments) {
    return false;
  }
  module = {base, base + header.e_phoff, header.e_phnum};
  return true;
}

bool may_have_code_at(std::uintptr_t base, std::uintptr_t address) {
  LoadedModule module;
  ElfW(Phdr) segment;
  if (!find_headers(base, module)) return true;
  for (std::uint32_t index = 0; index < module.header_count; ++index) {
    if (!guarded_read(module.headers + index * sizeof segment, segment)) return true;
    const Text text{base + segment.p_vaddr, base + segment.p_vaddr + segment.p_memsz};
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && text.has(address)) {
      return true;
    }
  }
  return false;
}

}  // namespace

// A program that is not position-independent has the base 0, and no header there.
bool may_be_loaded_code(const PythonRuntimeView& python, std::uintptr_t address) {
  std::uintptr_t base = 0;
  return python.program.has(address) || !find_base_below(python.module_list, address, base) ||
         (base != 0 && may_have_code_at(base, address));
}

bool find_loaded_module(const PythonRuntimeView& python, std::uintptr_t address,
                        LoadedModule& module) {
  const PythonRuntimeView::ProgramHeaders& program = python.program_headers;
  if (python.program.has(address)) {
    module = {program.base, program.address, program.count};
    return program.address != 0;
  }
  std::uintptr_t base = 0;
  return find_base_below(python.module_list, address, base) && base != 0 &&
         find_headers(base, module);
}

}  // namespace pyfault
