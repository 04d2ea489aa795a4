// Stands still until a byte comes on stdin, then writes to address 0: what victim.py's instructions
// do, but with rules by which it can be unwound. System calls are made in place, for what a call
// returns to may have been overwritten.
#include <sys/syscall.h>

namespace {

long system_call(long number, long first, void* second, long third) {
  long result = 0;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(first), "S"(second), "d"(third)
               : "rcx", "r11", "memory");
  return result;
}

}  // namespace

extern "C" int stand(int /*said*/, void* /*thing*/) {
  char byte = '\n';
  system_call(SYS_write, 1, &byte, 1);
  system_call(SYS_read, 0, &byte, 1);
  char* nowhere = nullptr;
  asm volatile("" : "+r"(nowhere));  // the compiler does not know that it is null
  *nowhere = byte;
  return 0;
}
