# A C library reads at address 0.
#
# Signal: SIGSEGV
# Stack: ffi_call <- (string_at) <- (read) <- (main) <- (<module>) <- _start
import ctypes


def read(pointer):
    return ctypes.string_at(pointer)


def main():
    return read(0)


main()
