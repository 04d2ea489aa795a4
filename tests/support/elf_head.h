// The head of an ELF file that the symbolizer accepts; its program headers follow it.
#pragma once

#include <elf.h>

#include <cstring>

namespace pyfault::test {

inline Elf64_Ehdr loadable_head() {
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_type = ET_DYN;
  head.e_machine = EM_X86_64;
  head.e_phoff = sizeof head;
  head.e_phentsize = sizeof(Elf64_Phdr);
  return head;
}

}  // namespace pyfault::test
