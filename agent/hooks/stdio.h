// Notes what the watched program writes to stderr. The interposed write functions call it.
//
// Context: anywhere, signal handlers included. Preserves errno.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace pyfault {

// To be called after a write; does nothing unless `fd` is 2. `written`: the result of the write.
void note_written(int fd, const void* bytes, std::size_t size, ssize_t written);
void note_written(int fd, const iovec* pieces, int count, ssize_t written);

}  // namespace pyfault
