# A function crashes that is being traced.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import sys


def trace(frame, event, argument):
    return trace


def crash():
    ctypes.memset(0, 1, 1)


sys.settrace(trace)
crash()
