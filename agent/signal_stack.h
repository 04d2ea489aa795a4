// Allocates and installs alternate signal stacks.
#pragma once

#include <cstddef>

namespace pyfault {

// A mapping with a guard page below it.
struct SignalStack {
  std::byte* lowest = nullptr;  // null: could not be mapped
  std::size_t size = 0;
};

// Returns a size in bytes that is large enough for the handlers of other libraries; only touched
// pages cost memory. The size follows AT_MINSIGSTKSZ, the kernel's own need, which grows with the
// vector registers that it saves.
std::size_t signal_stack_size();

SignalStack map_signal_stack(std::size_t size);
void unmap_signal_stack(const SignalStack& stack);

// Installs `stack` in the calling thread and returns true, unless the thread already has an
// alternate stack: never replaces one that other code has set. clear_signal_stack() disables the
// alternate stack if it is still `stack`.
bool set_signal_stack(const SignalStack& stack);
void clear_signal_stack(const SignalStack& stack);

}  // namespace pyfault
