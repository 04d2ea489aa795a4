# A crash in an exit function, when the program's own code is done.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: farewell
# Threads: 1
# Faulthandler: same
import atexit
import ctypes


@atexit.register
def farewell():
    ctypes.memset(0, 1, 1)
