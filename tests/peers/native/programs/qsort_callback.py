# The C library's qsort calls a comparison in Python, which calls a C function that writes to address 0.
#
# Signal: SIGSEGV
# Stack: ffi_call <- (compare) <- ffi_call <- (sort) <- (<module>) <- _start
import ctypes


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(left, right):
    return ctypes.memset(0, 1, 1)


def sort():
    numbers = (ctypes.c_int * 2)(2, 1)
    ctypes.CDLL(None).qsort(numbers, 2, 4, compare)


sort()
