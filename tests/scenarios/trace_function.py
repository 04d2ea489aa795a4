# A trace function, as debuggers and coverage tools set one, crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: trace <- traced <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import sys


def trace(frame, event, argument):
    if event == "line":
        ctypes.memset(0, 1, 1)
    return trace


def traced():
    return 1


sys.settrace(trace)
traced()
