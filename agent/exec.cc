// exec of a watched program: a forked child that becomes another program is none of ours any more,
// and what becomes of that is not its end. Where exec fails, it is one of ours again.
//
// Context: as the functions themselves, signal handlers and vfork children included.
#include <cerrno>
#include <cstddef>

#include "agent/in_signal/crash_handler.h"
#include "agent/next_function.h"

namespace pyfault {
namespace {

constinit NextFunction<int (*)(const char*, char* const*, char* const*)> next_execve{"execve"};
constinit NextFunction<int (*)(const char*, char* const*)> next_execv{"execv"};
constinit NextFunction<int (*)(const char*, char* const*)> next_execvp{"execvp"};
constinit NextFunction<int (*)(const char*, char* const*, char* const*)> next_execvpe{"execvpe"};
constinit NextFunction<int (*)(int, char* const*, char* const*)> next_fexecve{"fexecve"};
constinit NextFunction<int (*)(int, const char*, char* const*, char* const*, int)> next_execveat{
    "execveat"};

template <class Exec, class... Arguments>
int execute(Exec exec, Arguments... arguments) {
  const bool left = leave_family();
  const int result = exec(arguments...);
  const int error = errno;
  if (left) join_family();
  errno = error;
  return result;
}

// Of a list that ends in null, `first` included.
std::size_t count_arguments(const char* first, __builtin_va_list list) {
  std::size_t count = 0;
  for (const char* argument = first; argument != nullptr; ++count) {
    argument = __builtin_va_arg(list, const char*);
  }
  return count;
}

// Gives what follows the list.
char* const* copy_arguments(const char* first, __builtin_va_list list, char** to) {
  for (const char* argument = first;; argument = __builtin_va_arg(list, const char*)) {
    *to++ = const_cast<char*>(argument);
    if (argument == nullptr) break;
  }
  return __builtin_va_arg(list, char* const*);
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

// Those that take a list put it on the stack, as the C library does: a vfork child may call them.
extern "C" [[gnu::visibility("default")]] int execl(const char* path, const char* first,
                                                    ...) noexcept {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  const std::size_t size = pyfault::count_arguments(first, list) + 1;
  __builtin_va_end(list);
  auto** arguments = static_cast<char**>(__builtin_alloca(size * sizeof(char*)));
  __builtin_va_start(list, first);
  pyfault::copy_arguments(first, list, arguments);
  __builtin_va_end(list);
  return execv(path, arguments);
}

extern "C" [[gnu::visibility("default")]] int execlp(const char* file, const char* first,
                                                     ...) noexcept {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  const std::size_t size = pyfault::count_arguments(first, list) + 1;
  __builtin_va_end(list);
  auto** arguments = static_cast<char**>(__builtin_alloca(size * sizeof(char*)));
  __builtin_va_start(list, first);
  pyfault::copy_arguments(first, list, arguments);
  __builtin_va_end(list);
  return execvp(file, arguments);
}

extern "C" [[gnu::visibility("default")]] int execle(const char* path, const char* first,
                                                     ...) noexcept {
  __builtin_va_list list;
  __builtin_va_start(list, first);
  const std::size_t size = pyfault::count_arguments(first, list) + 1;
  __builtin_va_end(list);
  auto** arguments = static_cast<char**>(__builtin_alloca(size * sizeof(char*)));
  __builtin_va_start(list, first);
  auto* const* environment = pyfault::copy_arguments(first, list, arguments);
  __builtin_va_end(list);
  return execve(path, arguments, environment);
}
