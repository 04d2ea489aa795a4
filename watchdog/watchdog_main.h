// What the program pyfault-watchdog does.
#pragma once

namespace pyfault {

// Takes the arguments of main() and returns the exit code, or ends the process as the program that
// it has watched ended.
int watchdog_main(int argc, const char* const* argv);

}  // namespace pyfault
