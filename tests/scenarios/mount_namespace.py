# A program crashes in a mount namespace with another /tmp, so it sees other files than the watchdog.
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
    with permitted.or_skip("to make a mount namespace"):
        permitted.mount_tmpfs("/tmp", "size=4096")
    os.execv(sys.executable, [sys.executable, __file__, "again"])
crash()
