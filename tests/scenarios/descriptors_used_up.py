# The process has as many descriptors as it may have.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


try:
    while True:
        os.dup(0)
except OSError:
    crash()
