#include "agent/in_signal/guarded_copy.h"

extern "C" {
extern const char pyfault_guarded_copy_end[];
extern const char pyfault_guarded_copy_failed[];
}

namespace pyfault {

std::uintptr_t guarded_copy_fixup(std::uintptr_t program_counter) {
  const auto begin = reinterpret_cast<std::uintptr_t>(&pyfault_guarded_copy);
  const auto end = reinterpret_cast<std::uintptr_t>(pyfault_guarded_copy_end);
  if (program_counter < begin || program_counter >= end) return 0;
  return reinterpret_cast<std::uintptr_t>(pyfault_guarded_copy_failed);
}

}  // namespace pyfault
