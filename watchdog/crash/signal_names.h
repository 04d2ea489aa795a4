// The names of signals and of their reasons (si_code), and what they mean. Pure; no locale.
#pragma once

#include <string>
#include <string_view>

namespace pyfault {

// "SIGSEGV", "SIGRTMIN", "SIGRTMIN+3"; "signal 99" where Linux has no name.
std::string signal_name(int number);

// "SEGV_MAPERR", "SI_USER"; the code in decimal where it has no name.
std::string signal_code_name(int number, int code);

// "address not mapped"; empty where there is nothing to add to the signal's own meaning.
std::string_view signal_code_meaning(int number, int code);

// "Segmentation fault", "Aborted": as strsignal() says it in the C locale; the name where it says
// nothing.
std::string signal_meaning(int number);

}  // namespace pyfault
