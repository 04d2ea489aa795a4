# A program that was started as root has changed to user nobody before it crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
import ctypes
import os

from helpers import permitted

NOBODY = 65534


def crash():
    ctypes.memset(0, 1, 1)


with permitted.or_skip("to become nobody"):
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
crash()
