# All descriptors have been closed before the crash, the standard ones too.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: nothing
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


os.closerange(0, 4096)
crash()
