// A C++ exception that is being handled, found on the stack of the thread that aborts.
//
// Source: the Itanium C++ ABI, 2.2 (exception header) and 2.9.4 (type_info), and libstdc++'s
// unwind-cxx.h and stdexcept.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

namespace pyfault {

struct CxxException {
  std::uintptr_t type_name = 0;  // of the mangled name; 0: there is no exception
  std::uintptr_t what = 0;       // of its text; 0 where the type keeps none that can be found
};

// std::terminate() takes the exception as caught before it aborts, and its frames hold the address.
// `context`: the ucontext_t of the signal; null finds nothing.
CxxException find_cxx_exception(const void* context);

}  // namespace pyfault
