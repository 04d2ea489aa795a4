// --doctor: would crashes be reported here? Crashes children in the user's own environment, with
// the user's interpreter, and says what was reported and what stands in the way.
#pragma once

#include <string>

namespace pyfault {

struct Checkup {
  std::string python = "python3";  // a path, or a name looked up on PATH
};

// Prints the findings on stdout. True when the reports of all probes (probe.h) were complete.
// Leaves no files and no processes. Throws StartError where the interpreter can't be run at all or
// the agent is missing.
bool run_doctor(const Checkup& checkup);

}  // namespace pyfault
