// Works on the relocations that the dynamic linker has left in each module (System V ABI): those of
// calls and of addresses of functions name a symbol and a slot. If the symbol is one that the agent
// defines too, the slot gets the agent's function.
#include "agent/hooks/take_front.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/arch/processor.h"

namespace pyfault {
namespace {

// What the dynamic section of a module says.
struct Module {
  std::uintptr_t base = 0;
  const char* strings = nullptr;
  const ElfW(Sym) * symbols = nullptr;
  const ElfW(Rela) * calls = nullptr;
  std::size_t calls_size = 0;
  const ElfW(Rela) * data = nullptr;
  std::size_t data_size = 0;
  const std::uint32_t* gnu_hash = nullptr;
  // Made read-only after relocation.
  std::uintptr_t sealed_begin = 0;
  std::uintptr_t sealed_end = 0;
};

// glibc has added the base to the addresses in a dynamic section, except in that of the vdso.
Module read_module(const dl_phdr_info& info) {
  Module module;
  module.base = info.dlpi_addr;
  const ElfW(Dyn)* entry = nullptr;
  for (int index = 0; index < info.dlpi_phnum; ++index) {
    const ElfW(Phdr)& header = info.dlpi_phdr[index];
    const std::uintptr_t begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_DYNAMIC) entry = reinterpret_cast<const ElfW(Dyn)*>(begin);
    if (header.p_type == PT_GNU_RELRO) {
      module.sealed_begin = begin;
      module.sealed_end = begin + header.p_memsz;
    }
  }
  for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const std::uintptr_t value = entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRTAB) module.strings = reinterpret_cast<const char*>(value);
    if (entry->d_tag == DT_SYMTAB) module.symbols = reinterpret_cast<const ElfW(Sym)*>(value);
    if (entry->d_tag == DT_JMPREL) module.calls = reinterpret_cast<const ElfW(Rela)*>(value);
    if (entry->d_tag == DT_PLTRELSZ) module.calls_size = entry->d_un.d_val;
    if (entry->d_tag == DT_RELA) module.data = reinterpret_cast<const ElfW(Rela)*>(value);
    if (entry->d_tag == DT_RELASZ) module.data_size = entry->d_un.d_val;
    if (entry->d_tag == DT_GNU_HASH) {
      module.gnu_hash = reinterpret_cast<const std::uint32_t*>(value);
    }
  }
  return module;
}

bool holds(const dl_phdr_info& info, const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  for (int index = 0; index < info.dlpi_phnum; ++index) {
    const ElfW(Phdr)& header = info.dlpi_phdr[index];
    const std::uintptr_t begin = info.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD && wanted - begin < header.p_memsz) return true;
  }
  return false;
}

// The agent's own functions, by name.
class OwnFunctions {
 public:
  explicit OwnFunctions(const Module& agent) : agent_(agent) {}

  // The hash table of DT_GNU_HASH: number of buckets, first symbol, size and shift of the filter;
  // then the filter, the buckets, and the chains, whose last hash is odd.
  void* find(const char* name) const {
    const std::uint32_t hash = hash_of(name);
    const std::uint32_t* table = agent_.gnu_hash;
    const std::uint32_t buckets = table[0];
    const std::uint32_t first = table[1];
    const std::uint32_t* bucket = table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof *table);
    const std::uint32_t* chain = bucket + buckets;
    for (std::uint32_t index = bucket[hash % buckets]; index >= first; ++index) {
      const std::uint32_t own_hash = chain[index - first];
      const ElfW(Sym)& symbol = agent_.symbols[index];
      if ((own_hash | 1) == (hash | 1) && std::strcmp(agent_.strings + symbol.st_name, name) == 0) {
        return reinterpret_cast<void*>(agent_.base + symbol.st_value);
      }
      if ((own_hash & 1) != 0) break;
    }
    return nullptr;
  }

 private:
  static std::uint32_t hash_of(const char* name) {
    std::uint32_t hash = 5381;
    for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
    return hash;
  }

  const Module& agent_;
};

// Writes into a slot, which may lie in memory that is read-only by now.
void write_slot(const Module& module, void** slot, void* function) {
  const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(slot) / kPageSize * kPageSize;
  const auto place = reinterpret_cast<std::uintptr_t>(slot);
  const bool is_sealed = place >= module.sealed_begin && place < module.sealed_end;
  auto* memory = reinterpret_cast<void*>(page);
  if (is_sealed && mprotect(memory, kPageSize, PROT_READ | PROT_WRITE) != 0) return;
  __atomic_store_n(slot, function, __ATOMIC_RELEASE);
  if (is_sealed) mprotect(memory, kPageSize, PROT_READ);
}

void rebind(const Module& module, const ElfW(Rela) * relocations, std::size_t size,
            const OwnFunctions& own) {
  for (std::size_t index = 0; index < size / sizeof *relocations; ++index) {
    const ElfW(Rela)& each = relocations[index];
    const auto type = ELF64_R_TYPE(each.r_info);
    if (type != kCallRelocation && type != kAddressRelocation) continue;
    const ElfW(Sym)& symbol = module.symbols[ELF64_R_SYM(each.r_info)];
    void* function = own.find(module.strings + symbol.st_name);
    if (function == nullptr) continue;
    auto** slot = reinterpret_cast<void**>(module.base + each.r_offset);
    if (*slot != function) write_slot(module, slot, function);
  }
}

// A module that defines the function itself: the C library, its companions, and other interposers.
bool is_left_alone(const dl_phdr_info& info) {
  static constexpr const char* kNames[] = {"/libc.so.", "/ld-linux", "/libpthread.so.",
                                           "linux-vdso", "/libdl.so."};
  for (const char* name : kNames) {
    if (std::strstr(info.dlpi_name, name) != nullptr) return true;
  }
  return false;
}

int find_agent(dl_phdr_info* info, std::size_t, void* data) {
  if (!holds(*info, reinterpret_cast<const void*>(&take_front))) return 0;
  *static_cast<Module*>(data) = read_module(*info);
  return 1;
}

int rebind_module(dl_phdr_info* info, std::size_t, void* data) {
  if (is_left_alone(*info) || holds(*info, reinterpret_cast<const void*>(&take_front))) return 0;
  const Module module = read_module(*info);
  if (module.symbols == nullptr || module.strings == nullptr) return 0;
  const auto& own = *static_cast<const OwnFunctions*>(data);
  rebind(module, module.calls, module.calls != nullptr ? module.calls_size : 0, own);
  rebind(module, module.data, module.data != nullptr ? module.data_size : 0, own);
  return 0;
}

}  // namespace

void take_front() {
  Module agent;
  if (dl_iterate_phdr(&find_agent, &agent) == 0 || agent.gnu_hash == nullptr) return;
  OwnFunctions own(agent);
  dl_iterate_phdr(&rebind_module, &own);
}

}  // namespace pyfault
