# faulthandler was enabled before us (-X faulthandler): it must still print its report.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import sys


def crash():
    ctypes.memset(0, 1, 1)


if "faulthandler" not in sys._xoptions:
    os.execv(sys.executable, [sys.executable, "-X", "faulthandler", __file__])
crash()
