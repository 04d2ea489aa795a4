// The watchdog's own descriptors 0, 1 and 2; the program's are not its business.
#pragma once

namespace pyfault {

// Where one was closed at our start, puts /dev/null, so that no file or socket of ours gets its
// number and then a report. Close-on-exec: the program sees it closed, as it was.
void fill_closed_standard_streams();

// Once the program has them: lets go of stdin and stdout, so that the other ends of pipes see what
// the program does with them and not what we hold.
void release_stdin_and_stdout();

}  // namespace pyfault
