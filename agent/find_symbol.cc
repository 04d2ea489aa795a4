#include "agent/find_symbol.h"

#include <dlfcn.h>

#include <atomic>

#include "agent/arch/processor.h"

// NOLINTBEGIN(*-reserved-identifier,*-identifier-naming): the names are glibc's and the linker's.
// NOLINTBEGIN(*-redundant-declaration): this one makes the reference weak.
extern "C" {
[[gnu::weak]] void* dlsym(void* scope, const char* name) noexcept;
PYFAULT_FIRST_VERSION(dlsym);
// NOLINTEND(*-redundant-declaration)
// What glibc up to 2.33, which has these in libc.so.6, loads its own plug-ins with.
[[gnu::weak]] void* __libc_dlopen_mode(const char* name, int mode);
[[gnu::weak]] void* __libc_dlsym(void* library, const char* name);
// The linker's names for where the agent begins and ends.
[[gnu::visibility("hidden")]] extern const char __ehdr_start;
[[gnu::visibility("hidden")]] extern const char _end;
}
// NOLINTEND(*-reserved-identifier,*-identifier-naming)

namespace pyfault {
namespace {

using Lookup = void* (*)(void*, const char*);

// In a program that has been linked without libdl, before glibc 2.34.
Lookup load_dlsym() {
  static std::atomic<Lookup> loaded{nullptr};
  Lookup lookup = loaded.load(std::memory_order_relaxed);
  if (lookup != nullptr || __libc_dlopen_mode == nullptr || __libc_dlsym == nullptr) return lookup;
  void* library = __libc_dlopen_mode("libdl.so.2", RTLD_NOW);
  if (library == nullptr) return nullptr;
  lookup = reinterpret_cast<Lookup>(__libc_dlsym(library, "dlsym"));
  loaded.store(lookup, std::memory_order_relaxed);
  return lookup;
}

bool is_ours(const void* address) {
  return address >= &__ehdr_start && address < &_end;
}

}  // namespace

void* find_symbol(void* scope, const char* name) {
  const Lookup lookup = dlsym != nullptr ? dlsym : load_dlsym();
  return lookup != nullptr ? lookup(scope, name) : nullptr;
}

void* find_next_symbol(const char* name) {
  if (void* next = find_symbol(RTLD_NEXT, name)) return next;
  // What is loaded with dlopen() has only the libraries behind it that it needs itself.
  void* anywhere = find_symbol(RTLD_DEFAULT, name);
  return is_ours(anywhere) ? nullptr : anywhere;
}

}  // namespace pyfault
