// Handles the descriptors that the watchdog was started with, which are meant for the program.
#pragma once

#include <vector>

namespace pyfault {

// Opens /dev/null in place of closed standard streams, so that no file or socket of the watchdog
// gets such a number and then receives a report. Close-on-exec, so the program sees them closed as
// they were.
void fill_closed_standard_streams();

// Returns the descriptors from 3 on: pipes of a job server, sockets of systemd. Call it before
// anything else is opened.
std::vector<int> inherited_descriptors();

// Called once the program has them: releases stdin, stdout and `inherited`, so that the other ends
// of pipes see when the program closes them.
void release_program_descriptors(const std::vector<int>& inherited);

// The same for stderr.
void release_stderr();

}  // namespace pyfault
