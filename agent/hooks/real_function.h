// Looks up the next definition of a function that the agent interposes.
#pragma once

#include <atomic>

#include "agent/find_symbol.h"

namespace pyfault {

template <class Function>
class RealFunction {
 public:
  constexpr explicit RealFunction(const char* name) : name_(name) {}

  // Returns the function; null if there is none. The agent's constructor calls this first, so no
  // signal handler has to look the function up. Constructors of other libraries may run earlier.
  Function get() {
    Function function = found_.load(std::memory_order_relaxed);
    if (function == nullptr) {
      function = reinterpret_cast<Function>(find_next_symbol(name_));
      found_.store(function, std::memory_order_relaxed);
    }
    return function;
  }

 private:
  const char* name_;
  std::atomic<Function> found_{nullptr};
};

// Each looks up what its source file interposes, as far as signal handlers may call it.
void find_next_writes();
void find_next_actions();
void find_next_execs();
void find_next_kills();
void find_next_sandboxes();
void find_next_syscall();

}  // namespace pyfault
