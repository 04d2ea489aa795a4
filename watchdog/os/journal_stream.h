// Whether a stream of ours is the journal's.
#pragma once

#include <sys/stat.h>

namespace pyfault {

// By systemd's word: JOURNAL_STREAM, see systemd.exec(5).
bool is_journal_stream(const struct stat& stream);
bool is_journal_stream(int fd);

}  // namespace pyfault
