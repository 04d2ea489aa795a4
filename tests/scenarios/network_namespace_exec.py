# A program that is started in a network namespace of its own cannot see the watchdog's abstract
# socket: it must attach by the socket in the file system.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: differs, the option is not handed on
import ctypes
import os
import sys

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


if len(sys.argv) == 1:
    with permitted.or_skip("to make a network namespace"):
        permitted.unshare(permitted.CLONE_NEWNET)
    os.execv(sys.executable, [sys.executable, __file__, "again"])
crash()
