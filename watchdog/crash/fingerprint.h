// A short name for "the same bug", to group crashes by.
//
// A 64-bit FNV-1a hash, as 16 lower-case hex digits, of these lines, each terminated by '\n':
//   pyfault-fingerprint/1
//   what: for a crash, "memory" for SIGSEGV and SIGBUS, else the signal's name; for a dump, "dump";
//     for an exception, its type
//   where: the innermost five distinct "basename:function" of the crashed thread, or of the
//     traceback, innermost first; or "no python frames"
// Of a crash without Python frames whose native stack is known, the last are instead the innermost
// five distinct functions of that, without those that only end the process (abort() and so on). A
// function without a name is "module BUILD-ID 0xOFFSET", one in no module is left out.
// An unreadable name is "???". Line numbers, addresses and directories are excluded, and a function
// counts once even if it recurs. So the fingerprint does not change with an edit elsewhere in the
// file, the depth of a recursion (even a mutual one) or the place of the installation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Of the signal and the faulting thread: of its Python frames; if it has none, of its native
// frames, as far as they are known by now.
std::string fingerprint(const Crash& crash);

// `functions` holds any number of results of function_for_fingerprint(), innermost first.
std::string fingerprint(std::string_view kind, const std::vector<std::string>& functions);
std::string function_for_fingerprint(std::string_view file, std::string_view function);

}  // namespace pyfault
