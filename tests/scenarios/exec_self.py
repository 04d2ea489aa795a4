# The program replaces itself, as a server does that reloads, and crashes in its second life.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, the option is not handed on
import ctypes
import os
import sys


def crash():
    ctypes.memset(0, 1, 1)


if len(sys.argv) == 1:
    os.execv(sys.executable, [sys.executable, __file__, "again"])
crash()
