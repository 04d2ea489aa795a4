#include "agent/late_python.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <ctime>

#include "agent/next_function.h"

namespace pyfault {
namespace {

constinit NextFunction<int (*)(pthread_condattr_t*, clockid_t)> next_setclock{
    "pthread_condattr_setclock"};

std::atomic<void (*)(void*)> expectant{nullptr};

// The library may have been loaded for its loader's eyes only: the global scope does not know it.
void look_at(const void* caller) {
  Dl_info library{};
  if (dladdr(caller, &library) == 0 || library.dli_fname == nullptr) return;
  void* scope = dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (scope == nullptr) return;
  if (dlsym(scope, "_PyRuntime") != nullptr) {
    if (const auto found = expectant.exchange(nullptr)) found(scope);
  }
  dlclose(scope);
}

}  // namespace

void on_late_python(void (*found)(void* scope)) {
  expectant.store(found);
}

}  // namespace pyfault

// Every CPython calls it as it initialises its threads, and hardly anybody else does. To interpose
// dlopen() would tell sooner, but it goes by who calls it.
extern "C" [[gnu::visibility("default")]] int pthread_condattr_setclock(
    pthread_condattr_t* attribute, clockid_t clock) noexcept {
  if (pyfault::expectant.load() != nullptr) {
    const int error = errno;
    pyfault::look_at(__builtin_return_address(0));
    errno = error;
  }
  return pyfault::next_setclock.get()(attribute, clock);
}
