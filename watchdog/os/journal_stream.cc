#include "watchdog/os/journal_stream.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

namespace pyfault {

bool is_journal_stream(const struct stat& stream) {
  const char* journal = std::getenv("JOURNAL_STREAM");
  return journal != nullptr && fmt::format("{}:{}", stream.st_dev, stream.st_ino) == journal;
}

bool is_journal_stream(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && is_journal_stream(status);
}

}  // namespace pyfault
