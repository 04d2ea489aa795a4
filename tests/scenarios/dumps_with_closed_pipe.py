# A daemon that closes every descriptor can't have its dumps recorded any more, but its crash is.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


os.closerange(3, 4096)
dump = getattr(ctypes.CDLL(None), "pyfault_dump", lambda: -1)
if [dump() for _ in range(20)] != [-1] * 20:
    raise SystemExit("a dump was taken that nobody will look at")
crash()
