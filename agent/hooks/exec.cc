// Interposes the exec functions. A process that becomes another program leaves the ring first, so
// that the watchdog does not take the program's exit for a forked child's, and finds out anew
// whether the process is watched. If exec fails, the process returns to the ring.
//
// Context: that of the functions themselves, signal handlers and vfork children included.
#include <cerrno>
#include <cstddef>

#include "agent/hooks/real_function.h"
#include "agent/in_signal/crash_handler.h"

namespace pyfault {
namespace {

constinit RealFunction<int (*)(const char*, char* const*, char* const*)> next_execve{"execve"};
constinit RealFunction<int (*)(const char*, char* const*)> next_execv{"execv"};
constinit RealFunction<int (*)(const char*, char* const*)> next_execvp{"execvp"};
constinit RealFunction<int (*)(const char*, char* const*, char* const*)> next_execvpe{"execvpe"};
constinit RealFunction<int (*)(int, char* const*, char* const*)> next_fexecve{"fexecve"};
constinit RealFunction<int (*)(int, const char*, char* const*, char* const*, int)> next_execveat{
    "execveat"};

template <class Exec, class... Arguments>
int execute(Exec exec, Arguments... arguments) {
  const bool left = leave_ring_before_exec();
  const int result = exec(arguments...);
  const int error = errno;
  if (left) return_to_ring();
  errno = error;
  return result;
}

// Counts the arguments in a list that ends in null, including `first`.
std::size_t count_arguments(const char* first, __builtin_va_list list) {
  std::size_t count = 0;
  for (const char* argument = first; argument != nullptr; ++count) {
    argument = __builtin_va_arg(list, const char*);
  }
  return count;
}

// Copies the list with its null and returns the argument that follows it, if there is one.
char* const* copy_arguments(const char* first, __builtin_va_list list, char** to) {
  for (const char* argument = first;; argument = __builtin_va_arg(list, const char*)) {
    *to++ = const_cast<char*>(argument);
    if (argument == nullptr) break;
  }
  return __builtin_va_arg(list, char* const*);
}

// Calls `exec` with the list as an array and with the argument that follows the list. The array
// lies on the stack, as in glibc, because a vfork child may call this.
template <class Exec>
int with_list(const char* first, __builtin_va_list list, Exec exec) {
  __builtin_va_list again;
  __builtin_va_copy(again, list);
  const std::size_t size = count_arguments(first, list) + 1;
  auto** arguments = static_cast<char**>(__builtin_alloca(size * sizeof(char*)));
  char* const* rest = copy_arguments(first, again, arguments);
  __builtin_va_end(again);
  return exec(arguments, rest);
}

}  // namespace

void find_next_execs() {
  next_execve.get();
  next_execv.get();
  next_execvp.get();
  next_execvpe.get();
  next_execveat.get();
  next_fexecve.get();
}

}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int execve(const char* path, char* const arguments[],
                                                     char* const environment[]) noexcept {
  return pyfault::execute(pyfault::next_execve.get(), path, arguments, environment);
}

extern "C" [[gnu::visibility("default")]] int execv(const char* path,
                                                    char* const arguments[]) noexcept {
  return pyfault::execute(pyfault::next_execv.get(), path, arguments);
}

extern "C" [[gnu::visibility("default")]] int fexecve(int fd, char* const arguments[],
                                                      char* const environment[]) noexcept {
  return pyfault::execute(pyfault::next_fexecve.get(), fd, arguments, environment);
}

extern "C" [[gnu::visibility("default")]] int execvp(const char* file,
                                                     char* const arguments[]) noexcept {
  return pyfault::execute(pyfault::next_execvp.get(), file, arguments);
}

extern "C" [[gnu::visibility("default")]] int execvpe(const char* file, char* const arguments[],
                                                      char* const environment[]) noexcept {
  return pyfault::execute(pyfault::next_execvpe.get(), file, arguments, environment);
}

extern "C" [[gnu::visibility("default")]] int execveat(int directory, const char* path,
                                                       char* const arguments[],
                                                       char* const environment[],
                                                       int flags) noexcept {
  return pyfault::execute(pyfault::next_execveat.get(), directory, path, arguments, environment,
                          flags);
}

extern "C" [[gnu::visibility("default")]] int execl(const char* path, const char* first,
                                                    ...) noexcept {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  const int result = pyfault::with_list(
      first, list, [path](char** arguments, char* const*) { return execv(path, arguments); });
  __builtin_va_end(list);
  return result;
}

extern "C" [[gnu::visibility("default")]] int execlp(const char* file, const char* first,
                                                     ...) noexcept {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  const int result = pyfault::with_list(
      first, list, [file](char** arguments, char* const*) { return execvp(file, arguments); });
  __builtin_va_end(list);
  return result;
}

// The environment follows the null that ends the list.
extern "C" [[gnu::visibility("default")]] int execle(const char* path, const char* first,
                                                     ...) noexcept {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  const int result =
      pyfault::with_list(first, list, [path](char** arguments, char* const* environment) {
        return execve(path, arguments, environment);
      });
  __builtin_va_end(list);
  return result;
}
