// What the watchdog does with the descriptors that it was started with. They are the program's.
#pragma once

#include <vector>

namespace pyfault {

// Where one was closed at our start, puts /dev/null, so that no file or socket of ours gets its
// number and then a report. Close-on-exec: the program sees it closed, as it was.
void fill_closed_standard_streams();

// Those from 3 on: pipes of a job server, sockets of systemd. To be called before anything else is
// opened.
std::vector<int> inherited_descriptors();

// Once the program has them: lets go of stdin, stdout and `inherited`, so that the other ends of
// pipes see what the program does with them and not what we hold.
void release_program_descriptors(const std::vector<int>& inherited);

// Of stderr too.
void release_stderr();

}  // namespace pyfault
