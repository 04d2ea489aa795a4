// Adds the text of source lines to the frames of a crash, while the process still lives.
//
// A file is read as the process would see it: below /proc/PID/root, a relative name below
// /proc/PID/cwd. Only regular files of a sane size that the process's own user may read, and that
// have not changed since the process started; anything else leaves `source` empty. Never blocks on
// a FIFO or a device; never throws.
#pragma once

#include "watchdog/crash/crash.h"

namespace pyfault {

void add_source_lines(Crash& crash, int pid);

}  // namespace pyfault
