# An exit function crashes after the program's own code has finished.
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
