// A short name for "the same bug", to group crashes by.
//
// It is FNV-1a, 64 bits, as 16 lower-case hex digits, over these lines, each ended by '\n':
//   pyfault-fingerprint/1
//   what: of a crash "memory" for SIGSEGV and SIGBUS, else the signal's name; "dump"; of an
//     exception its type
//   where: the innermost five different "basename:function" of the crashed thread, or of the
//     traceback, innermost first; or "no python frames"
// A name that could not be read is "???". There are no line numbers, addresses or folders in it,
// and a function counts once however often it recurs: so an edit elsewhere in the file, the depth
// of a recursion (a mutual one too) or where the program is installed do not change it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/crash.h"

namespace pyfault {

std::string fingerprint(const Crash& crash);

// `functions`: each as function_for_fingerprint() has it, innermost first; any number.
std::string fingerprint(std::string_view kind, const std::vector<std::string>& functions);
std::string function_for_fingerprint(std::string_view file, std::string_view function);

}  // namespace pyfault
