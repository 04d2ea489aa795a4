// --doctor: checks whether crashes would be reported here, by crashing child processes in the
// user's own environment, with the user's interpreter. Says what was reported and what prevents
// reports.
#pragma once

#include <string>

namespace pyfault {

struct Checkup {
  std::string python = "python3";  // a path, or a name looked up on PATH
};

// Prints the findings on stdout. Returns true if the reports of all probes (probe.h) were complete.
// Leaves no files and no processes behind. Throws StartError if the interpreter cannot be run at
// all or the agent is missing.
bool run_doctor(const Checkup& checkup);

}  // namespace pyfault
