// What the program pyfaultctl does.
#pragma once

namespace pyfault::ctl {

// Takes the arguments of main() and returns the exit code.
int ctl_main(int argc, const char* const* argv);

}  // namespace pyfault::ctl
