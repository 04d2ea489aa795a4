// A function of a later library that one of ours stands before.
#pragma once

#include <dlfcn.h>

#include <atomic>

namespace pyfault {

template <class Function>
class NextFunction {
 public:
  constexpr explicit NextFunction(const char* name) : name_(name) {}

  // Our constructor looks it up, so that no signal handler has to; constructors of other libraries
  // may come before that.
  Function get() {
    Function function = found_.load(std::memory_order_relaxed);
    if (function == nullptr) {
      function = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name_));
      found_.store(function, std::memory_order_relaxed);
    }
    return function;
  }

 private:
  const char* name_;
  std::atomic<Function> found_{nullptr};
};

// Look up what their functions stand before.
void find_next_writes();
void find_next_actions();
void find_next_execs();
void find_next_kills();
void find_next_sandboxes();
void find_next_syscall();

}  // namespace pyfault
