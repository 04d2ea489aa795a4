#include "agent/in_signal/warm_memory.h"

#include <signal.h>
#include <sys/mman.h>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

void populate(std::uintptr_t lowest, std::size_t size) {
  const std::uintptr_t page = lowest / kPageSize * kPageSize;
  system_call(SYS_madvise, static_cast<long>(page), static_cast<long>(lowest + size - page),
              MADV_POPULATE_WRITE);
}

// The frames of the kernel and of the handler take less than two pages with most processors.
void populate_signal_stack() {
  constexpr std::size_t kUsed = 2 * kPageSize;
  stack_t stack{};
  sys_sigaltstack(nullptr, &stack);
  if ((stack.ss_flags & SS_DISABLE) != 0 || stack.ss_size < kUsed) return;
  populate(reinterpret_cast<std::uintptr_t>(stack.ss_sp) + stack.ss_size - kUsed, kUsed);
}

}  // namespace pyfault
