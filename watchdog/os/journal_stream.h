// Detects whether a stream of this process is connected to the journal.
#pragma once

#include <sys/stat.h>

namespace pyfault {

// Compares with JOURNAL_STREAM, which systemd sets; see systemd.exec(5).
bool is_journal_stream(const struct stat& stream);
bool is_journal_stream(int fd);

}  // namespace pyfault
