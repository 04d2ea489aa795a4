// Stacks for signal handlers.
#pragma once

#include <cstddef>

namespace pyfault {

// A mapping with a guard page below it.
struct SignalStack {
  std::byte* lowest = nullptr;  // null: could not be had
  std::size_t size = 0;
};

// Large enough for what other libraries' handlers do on it; only touched pages cost memory. The
// kernel's own need (AT_MINSIGSTKSZ) grows with the vector registers it saves.
std::size_t signal_stack_size();

SignalStack map_signal_stack(std::size_t size);
void unmap_signal_stack(const SignalStack& stack);

// For the calling thread, unless it has one already: never takes over one that somebody else set.
bool set_signal_stack(const SignalStack& stack);
void clear_signal_stack(const SignalStack& stack);

}  // namespace pyfault
