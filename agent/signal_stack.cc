#include "agent/signal_stack.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/arch/processor.h"

namespace pyfault {

std::size_t signal_stack_size() {
  constexpr std::size_t kUsual = std::size_t{64} << 10;
  const std::size_t kernel_needs = getauxval(AT_MINSIGSTKSZ);
  const std::size_t size = kUsual > 4 * kernel_needs ? kUsual : 4 * kernel_needs;
  return (size + kPageSize - 1) / kPageSize * kPageSize;
}

SignalStack map_signal_stack(std::size_t size) {
  void* mapping = mmap(nullptr, size + kPageSize, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED) return {};
  mprotect(mapping, kPageSize, PROT_NONE);
  return {static_cast<std::byte*>(mapping) + kPageSize, size};
}

void unmap_signal_stack(const SignalStack& stack) {
  munmap(stack.lowest - kPageSize, stack.size + kPageSize);
}

bool set_signal_stack(const SignalStack& stack) {
  stack_t current{};
  if (sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return false;
  const stack_t ours{stack.lowest, 0, stack.size};
  return sigaltstack(&ours, nullptr) == 0;
}

void clear_signal_stack(const SignalStack& stack) {
  stack_t current{};
  if (sigaltstack(nullptr, &current) != 0 || current.ss_sp != stack.lowest) return;
  const stack_t none{nullptr, SS_DISABLE, 0};
  sigaltstack(&none, nullptr);
}

}  // namespace pyfault
