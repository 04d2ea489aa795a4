# The program executes a shell, which executes the program again, which crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import sys


def crash():
    ctypes.memset(0, 1, 1)


if len(sys.argv) == 1:
    os.execv("/bin/sh", ["sh", "-c", 'exec "$0" "$1" again', sys.executable, __file__])
crash()
