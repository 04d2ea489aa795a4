# Python is called by C, which was called by Python: qsort() with a comparison function in Python crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: compare <- sort <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(left, right):
    return ctypes.memset(0, 1, 1)


def sort():
    ctypes.CDLL(None).qsort((ctypes.c_int * 2)(2, 1), 2, ctypes.sizeof(ctypes.c_int), compare)


sort()
