// Interposes the functions that write to stderr, so that the last messages before an abort are
// known (announcement.h, stderr_tail.h). The C library receives every call unchanged. CPython
// writes such messages with write(), before 3.10 with stdio; libraries use any of these functions.
//
// Context: that of the functions themselves, signal handlers included.
#include "agent/hooks/stdio.h"

#include <sys/uio.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "agent/hooks/real_function.h"
#include "agent/in_signal/announcement.h"
#include "agent/in_signal/stderr_tail.h"

namespace pyfault {
namespace {

constexpr int kStderr = 2;
constinit RealFunction<ssize_t (*)(int, const void*, std::size_t)> next_write{"write"};
constinit RealFunction<ssize_t (*)(int, const iovec*, int)> next_writev{"writev"};
constinit RealFunction<std::size_t (*)(const void*, std::size_t, std::size_t, FILE*)> next_fwrite{
    "fwrite"};
constinit RealFunction<std::size_t (*)(const void*, std::size_t, std::size_t, FILE*)>
    next_fwrite_unlocked{"fwrite_unlocked"};
constinit RealFunction<int (*)(const char*, FILE*)> next_fputs{"fputs"};
constinit RealFunction<int (*)(const char*, FILE*)> next_fputs_unlocked{"fputs_unlocked"};
constinit RealFunction<int (*)(int, FILE*)> next_fputc{"fputc"};
constinit RealFunction<int (*)(FILE*, const char*, va_list)> next_vfprintf{"vfprintf"};
constinit RealFunction<int (*)(FILE*, int, const char*, va_list)> next_vfprintf_chk{
    "__vfprintf_chk"};
constinit RealFunction<int (*)(int, const char*, va_list)> next_vdprintf{"vdprintf"};
constinit RealFunction<int (*)(int, int, const char*, va_list)> next_vdprintf_chk{"__vdprintf_chk"};
constinit RealFunction<void (*)(const char*)> next_perror{"perror"};

void note(const void* bytes, std::size_t size) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);  // no system call
  note_stderr(bytes, size, now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec);
}

// Formats the text a second time, because the C library does not return its own.
void note_format(const char* format, va_list list) {
  const int error = errno;
  char text[kMaxStderrTail];
  const int size = std::vsnprintf(text, sizeof text, format, list);
  if (size > 0) {
    const auto formatted = static_cast<std::size_t>(size);
    note(text, formatted < sizeof text ? formatted : sizeof text - 1);
  }
  errno = error;
}

template <class Print>
int print(bool to_stderr, const char* format, va_list list, Print real) {
  va_list again;
  va_copy(again, list);
  const int result = real(list);
  if (to_stderr) note_format(format, again);
  va_end(again);
  return result;
}

int print_to_stream(FILE* stream, const char* format, va_list list) {
  return print(stream == stderr, format, list,
               [=](va_list arguments) { return next_vfprintf.get()(stream, format, arguments); });
}

int print_to_stream_checked(FILE* stream, int flag, const char* format, va_list list) {
  return print(stream == stderr, format, list, [=](va_list arguments) {
    return next_vfprintf_chk.get()(stream, flag, format, arguments);
  });
}

int print_to_descriptor(int fd, const char* format, va_list list) {
  return print(fd == kStderr, format, list,
               [=](va_list arguments) { return next_vdprintf.get()(fd, format, arguments); });
}

int print_to_descriptor_checked(int fd, int flag, const char* format, va_list list) {
  return print(fd == kStderr, format, list, [=](va_list arguments) {
    return next_vdprintf_chk.get()(fd, flag, format, arguments);
  });
}

}  // namespace

// A failed write counts as well, for example if stderr has no reader. One that the caller will
// repeat, or whose bytes cannot be read, does not.
void note_written(int fd, const void* bytes, std::size_t size, ssize_t written) {
  const int error = errno;
  if (fd != kStderr || (written < 0 && (error == EFAULT || error == EAGAIN || error == EINTR))) {
    return;
  }
  note(bytes, written < 0 ? size : static_cast<std::size_t>(written));
  errno = error;
}

void note_written(int fd, const iovec* pieces, int count, ssize_t written) {
  auto left = static_cast<std::size_t>(written > 0 ? written : 0);
  for (int index = 0; fd == kStderr && left > 0 && index < count; ++index) {
    const std::size_t size = pieces[index].iov_len < left ? pieces[index].iov_len : left;
    note(pieces[index].iov_base, size);
    left -= size;
  }
}

// Signal handlers may call only these. The others are looked up at their first call, because most
// programs call few of them.
void find_next_writes() {
  next_write.get();
  next_writev.get();
}

}  // namespace pyfault

using namespace pyfault;

extern "C" [[gnu::visibility("default")]] ssize_t write(int fd, const void* bytes,
                                                        std::size_t size) {
  const ssize_t written = next_write.get()(fd, bytes, size);
  note_written(fd, bytes, size, written);
  return written;
}

extern "C" [[gnu::visibility("default")]] ssize_t writev(int fd, const iovec* pieces, int count) {
  const ssize_t written = next_writev.get()(fd, pieces, count);
  note_written(fd, pieces, count, written);
  return written;
}

extern "C" [[gnu::visibility("default")]] std::size_t fwrite(const void* bytes, std::size_t size,
                                                             std::size_t count, FILE* stream) {
  const std::size_t written = next_fwrite.get()(bytes, size, count, stream);
  if (stream == stderr) note(bytes, size * count);
  return written;
}

extern "C" [[gnu::visibility("default")]] std::size_t fwrite_unlocked(const void* bytes,
                                                                      std::size_t size,
                                                                      std::size_t count,
                                                                      FILE* stream) {
  const std::size_t written = next_fwrite_unlocked.get()(bytes, size, count, stream);
  if (stream == stderr) note(bytes, size * count);
  return written;
}

extern "C" [[gnu::visibility("default")]] int fputs(const char* text, FILE* stream) {
  const int result = next_fputs.get()(text, stream);
  if (stream == stderr) note(text, std::strlen(text));
  return result;
}

extern "C" [[gnu::visibility("default")]] int fputs_unlocked(const char* text, FILE* stream) {
  const int result = next_fputs_unlocked.get()(text, stream);
  if (stream == stderr) note(text, std::strlen(text));
  return result;
}

extern "C" [[gnu::visibility("default")]] int fputc(int character, FILE* stream) {
  const int result = next_fputc.get()(character, stream);
  const char written = static_cast<char>(character);
  if (stream == stderr) note(&written, 1);
  return result;
}

extern "C" [[gnu::visibility("default")]] int putc(int character, FILE* stream) {
  return fputc(character, stream);
}

extern "C" [[gnu::visibility("default")]] int vfprintf(FILE* stream, const char* format,
                                                       va_list list) {
  return print_to_stream(stream, format, list);
}

extern "C" [[gnu::visibility("default")]] int fprintf(FILE* stream, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = print_to_stream(stream, format, list);
  va_end(list);
  return result;
}

extern "C" [[gnu::visibility("default")]] int vdprintf(int fd, const char* format, va_list list) {
  return print_to_descriptor(fd, format, list);
}

extern "C" [[gnu::visibility("default")]] int dprintf(int fd, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = print_to_descriptor(fd, format, list);
  va_end(list);
  return result;
}

extern "C" [[gnu::visibility("default")]] void perror(const char* what) {
  const int error = errno;
  next_perror.get()(what);
  if (what != nullptr && *what != '\0') {
    note(what, std::strlen(what));
    note(": ", 2);
  }
  const char* meaning = std::strerror(error);
  note(meaning, std::strlen(meaning));
  note("\n", 1);
  errno = error;
}

// Programs compiled with _FORTIFY_SOURCE call these instead.
// NOLINTBEGIN(*-reserved-identifier,*-identifier-naming): the names are glibc's.
extern "C" [[gnu::visibility("default")]] int __vfprintf_chk(FILE* stream, int flag,
                                                             const char* format, va_list list) {
  return print_to_stream_checked(stream, flag, format, list);
}

extern "C" [[gnu::visibility("default")]] int __fprintf_chk(FILE* stream, int flag,
                                                            const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = print_to_stream_checked(stream, flag, format, list);
  va_end(list);
  return result;
}

extern "C" [[gnu::visibility("default")]] int __vdprintf_chk(int fd, int flag, const char* format,
                                                             va_list list) {
  return print_to_descriptor_checked(fd, flag, format, list);
}

extern "C" [[gnu::visibility("default")]] int __dprintf_chk(int fd, int flag, const char* format,
                                                            ...) {
  va_list list;
  va_start(list, format);
  const int result = print_to_descriptor_checked(fd, flag, format, list);
  va_end(list);
  return result;
}
// NOLINTEND(*-reserved-identifier,*-identifier-naming)
