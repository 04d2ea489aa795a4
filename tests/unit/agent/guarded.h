// Makes guarded_copy() work in a test: installs a handler for SIGSEGV and SIGBUS that only applies
// its fixup, as an armed process does, without the rest of the crash handler.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace pyfault::test {

class Guarded {
 public:
  Guarded();
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
};

// Two adjacent pages, the second of which is not readable.
class CliffEdge {
 public:
  static constexpr std::size_t kPage = 4096;
  CliffEdge()
      : pages_(static_cast<std::byte*>(
            mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    mprotect(pages_ + kPage, kPage, PROT_NONE);
  }
  ~CliffEdge() { munmap(pages_, 2 * kPage); }
  CliffEdge(const CliffEdge&) = delete;
  CliffEdge& operator=(const CliffEdge&) = delete;

  // The last `size` readable bytes.
  std::byte* last(std::size_t size) const { return pages_ + kPage - size; }
  std::byte* unreadable() const { return pages_ + kPage; }

 private:
  std::byte* pages_;
};

inline std::uintptr_t address_of(const void* object) {
  return reinterpret_cast<std::uintptr_t>(object);
}

}  // namespace pyfault::test
