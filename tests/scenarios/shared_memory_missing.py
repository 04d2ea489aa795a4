# A program is started and crashes where there is no /dev/shm.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, the option is not handed on
import ctypes
import os
import sys

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


if len(sys.argv) == 1:
    with permitted.or_skip("to make a mount namespace"):
        permitted.mount_tmpfs("/dev", "size=4096")
    os.execv(sys.executable, [sys.executable, __file__, "again"])
crash()
