# A program is started and crashes while /dev/shm is full.
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
        permitted.mount_tmpfs("/dev/shm", "size=4096")
    with open("/dev/shm/filling", "wb") as filling:
        filling.write(bytes(4096))
    os.execv(sys.executable, [sys.executable, __file__, "again"])
crash()
