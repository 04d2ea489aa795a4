// The names of signals and of their codes (si_code), and what they mean. Independent of the locale.
#pragma once

#include <string>
#include <string_view>

namespace pyfault {

// "SIGSEGV", "SIGRTMIN", "SIGRTMIN+3"; "signal 99" if Linux has no name for it.
std::string signal_name(int number);

// "SEGV_MAPERR", "SI_USER"; the decimal code if it has no name.
std::string signal_code_name(int number, int code);

// "address not mapped"; empty if the code adds nothing to the meaning of the signal.
std::string_view signal_code_meaning(int number, int code);

// "Segmentation fault", "Aborted", as strsignal() in the C locale; the name if there is no
// description.
std::string signal_meaning(int number);

}  // namespace pyfault
