# A profile function crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: profile <- profiled <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import sys


def profile(frame, event, argument):
    if frame.f_code is profiled.__code__:
        ctypes.memset(0, 1, 1)


def profiled():
    return 1


sys.setprofile(profile)
profiled()
