// Only for the symbolizer that is linked statically (the Python wheel's). When it starts, libdw
// loads libdebuginfod if the machine has it, and with it a second C library. It has no use for it
// here: it runs without any rights.
#include <dlfcn.h>

extern "C" void* dlopen(const char* /*file*/, int /*mode*/) noexcept {
  return nullptr;
}
