// Preloaded behind the agent: if one of these functions is called in the agent's signal handler, it
// says so on stderr and exits with code 99. Everywhere else the functions work as usual.
//
// The handler is recognised by its signal mask, which blocks all signals except the four hardware
// faults (agent/in_signal/signal_actions.cc). No other code uses that mask.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

constexpr std::uint64_t bit(int signal) {
  return std::uint64_t{1} << (signal - 1);
}
constexpr std::uint64_t kHandlerMask =
    ~(bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGKILL) | bit(SIGSTOP));

long call_kernel(long number, long a, long b, long c, long d = 0) {
  long result;
  register long r10 asm("r10") = d;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
               : "rcx", "r11", "memory");
  return result;
}

bool in_handler() {
  std::uint64_t mask = 0;
  call_kernel(SYS_rt_sigprocmask, SIG_BLOCK, 0, reinterpret_cast<long>(&mask), sizeof mask);
  return mask == kHandlerMask;
}

void say(const char* text) {
  call_kernel(SYS_write, STDERR_FILENO, reinterpret_cast<long>(text),
              static_cast<long>(std::strlen(text)));
}

void bite_in_handler(const char* function) {
  if (!in_handler()) return;
  say("poison: the signal handler called ");
  say(function);
  say("\n");
  call_kernel(SYS_exit_group, 99, 0, 0);
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5"));
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) {
  bite_in_handler("malloc");
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  bite_in_handler("calloc");
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
  bite_in_handler("realloc");
  return __libc_realloc(block, size);
}

void free(void* block) {
  bite_in_handler("free");
  __libc_free(block);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  bite_in_handler("pthread_mutex_lock");
  static auto* const real = next<decltype(pthread_mutex_lock)>("pthread_mutex_lock");
  return real(mutex);
}

std::size_t fwrite(const void* bytes, std::size_t size, std::size_t count, FILE* file) {
  bite_in_handler("fwrite");
  static auto* const real = next<decltype(fwrite)>("fwrite");
  return real(bytes, size, count, file);
}

int fflush(FILE* file) {
  bite_in_handler("fflush");
  static auto* const real = next<decltype(fflush)>("fflush");
  return real(file);
}

FILE* fopen(const char* path, const char* mode) {
  bite_in_handler("fopen");
  static auto* const real = next<decltype(fopen)>("fopen");
  return real(path, mode);
}

int vfprintf(FILE* file, const char* format, std::va_list arguments) {
  bite_in_handler("vfprintf");
  static auto* const real = next<decltype(vfprintf)>("vfprintf");
  return real(file, format, arguments);
}

int vsnprintf(char* to, std::size_t size, const char* format, std::va_list arguments) {
  bite_in_handler("vsnprintf");
  static auto* const real = next<decltype(vsnprintf)>("vsnprintf");
  return real(to, size, format, arguments);
}

int printf(const char* format, ...) {
  bite_in_handler("printf");
  std::va_list arguments;
  va_start(arguments, format);
  const int result = vfprintf(stdout, format, arguments);
  va_end(arguments);
  return result;
}

int fprintf(FILE* file, const char* format, ...) {
  bite_in_handler("fprintf");
  std::va_list arguments;
  va_start(arguments, format);
  const int result = vfprintf(file, format, arguments);
  va_end(arguments);
  return result;
}

int snprintf(char* to, std::size_t size, const char* format, ...) {
  bite_in_handler("snprintf");
  std::va_list arguments;
  va_start(arguments, format);
  const int result = vsnprintf(to, size, format, arguments);
  va_end(arguments);
  return result;
}

// dlopen() resolves symbols while it holds the dynamic linker's lock.
void* dlopen(const char* path, int mode) {
  bite_in_handler("dlopen");
  static auto* const real = next<decltype(dlopen)>("dlopen");
  return real(path, mode);
}
}
