# stderr is closed when the program crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: nothing
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


os.close(2)
crash()
