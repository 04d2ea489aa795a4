// Runs a function on another stack, where it can be abandoned.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <cstdint>

namespace pyfault {

extern "C" {

// `top`: the high end of the new stack. `*resume` receives the stack pointer with which a signal
// handler can resume at pyfault_run_on_stack_abandoned, as if `function` had returned.
void pyfault_run_on_stack(void (*function)(void*), void* argument, void* top,
                          std::uintptr_t* resume);
extern const char pyfault_run_on_stack_abandoned[];
}

}  // namespace pyfault
