// What a watched program writes to stderr passes by here on its way to the C library, for the sake
// of the interpreter's own last words: CPython writes them with write(), before 3.10 with stdio.
//
// Context: as the functions themselves, signal handlers included.
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "agent/in_signal/announcement.h"
#include "agent/next_function.h"

namespace pyfault {
namespace {

constexpr int kStderr = 2;
constinit NextFunction<ssize_t (*)(int, const void*, std::size_t)> next_write{"write"};
constinit NextFunction<std::size_t (*)(const void*, std::size_t, std::size_t, FILE*)> next_fwrite{
    "fwrite"};
constinit NextFunction<int (*)(const char*, FILE*)> next_fputs{"fputs"};
constinit NextFunction<int (*)(int, FILE*)> next_fputc{"fputc"};

}  // namespace

void find_next_writes() {
  next_write.get();
  next_fwrite.get();
  next_fputs.get();
  next_fputc.get();
}

}  // namespace pyfault

using namespace pyfault;

extern "C" [[gnu::visibility("default")]] ssize_t write(int fd, const void* bytes,
                                                        std::size_t size) {
  const ssize_t written = next_write.get()(fd, bytes, size);
  if (fd == kStderr && (written >= 0 || errno != EFAULT)) note_stderr(bytes, size);
  return written;
}

extern "C" [[gnu::visibility("default")]] std::size_t fwrite(const void* bytes, std::size_t size,
                                                             std::size_t count, FILE* stream) {
  const std::size_t written = next_fwrite.get()(bytes, size, count, stream);
  if (stream == stderr) note_stderr(bytes, size * count);
  return written;
}

extern "C" [[gnu::visibility("default")]] int fputs(const char* text, FILE* stream) {
  const int result = next_fputs.get()(text, stream);
  if (stream == stderr) note_stderr(text, std::strlen(text));
  return result;
}

extern "C" [[gnu::visibility("default")]] int fputc(int character, FILE* stream) {
  const int result = next_fputc.get()(character, stream);
  const char written = static_cast<char>(character);
  if (stream == stderr) note_stderr(&written, 1);
  return result;
}
