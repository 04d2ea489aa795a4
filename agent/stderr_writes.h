// What a watched program writes, for whoever stands before a function that writes.
//
// Context: anywhere. errno is kept.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace pyfault {

// `written` is what the system call has answered.
void note_written(int fd, const void* bytes, std::size_t size, ssize_t written);
void note_written(int fd, const iovec* pieces, int count, ssize_t written);

}  // namespace pyfault
