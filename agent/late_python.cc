#include "agent/late_python.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <ctime>

#include "agent/find_symbol.h"
#include "agent/hooks/real_function.h"

namespace pyfault {
namespace {

constinit RealFunction<int (*)(pthread_condattr_t*, clockid_t)> next_setclock{
    "pthread_condattr_setclock"};
constinit RealFunction<int (*)(const void*, Dl_info*)> find_library{"dladdr"};
constinit RealFunction<void* (*)(const char*, int)> open_library{"dlopen"};
constinit RealFunction<int (*)(void*)> close_library{"dlclose"};

std::atomic<void (*)(void*)> expectant{nullptr};

// The library may have been loaded with RTLD_LOCAL, so the global scope does not include it.
void look_at(const void* caller) {
  if (find_library.get() == nullptr) return;  // without libdl, nothing else loads libraries either
  Dl_info library{};
  if (find_library.get()(caller, &library) == 0 || library.dli_fname == nullptr) return;
  void* scope = open_library.get()(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (scope == nullptr) return;
  if (find_symbol(scope, "_PyRuntime") != nullptr) {
    if (const auto found = expectant.exchange(nullptr)) found(scope);
  }
  close_library.get()(scope);
}

}  // namespace

void on_late_python(void (*found)(void* scope)) {
  expectant.store(found);
}

}  // namespace pyfault

// Every CPython calls this when it initialises threading, and hardly any other code does.
// Interposing dlopen() would detect the interpreter earlier, but dlopen() depends on its caller.
extern "C" [[gnu::visibility("default")]] int pthread_condattr_setclock(
    pthread_condattr_t* attribute, clockid_t clock) noexcept {
  if (pyfault::expectant.load() != nullptr) {
    const int error = errno;
    pyfault::look_at(__builtin_return_address(0));
    errno = error;
  }
  return pyfault::next_setclock.get()(attribute, clock);
}
