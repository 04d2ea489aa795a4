# The program replaces itself by exec, as a reloading server does, and crashes after that.
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
