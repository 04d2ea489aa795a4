// What the names of native functions say about their place in a stack. Names are as a symbolizer
// gives them; they may be hostile.
#pragma once

#include <string_view>

namespace pyfault {

// Whether it only ends the process, so that its caller is the one to look at: abort(), raise(),
// what reports a failed assertion or a corrupted heap, std::terminate() and so on.
bool ends_process(std::string_view function);

// Whether it is a part of CPython that only passes a call on, from Python to C or back.
bool passes_call_on(std::string_view function);

// Whether it is a part of the C library from which a process or a thread starts.
bool starts_process(std::string_view function);

// Removes what compilers and linkers append to a name: ".constprop.0", ".cold", " [clone .isra.0]",
// "@@GLIBC_2.34".
std::string_view without_suffix(std::string_view function);

// "/usr/lib/libc.so.6" -> "libc.so.6"
std::string_view file_name_of(std::string_view path);

}  // namespace pyfault
