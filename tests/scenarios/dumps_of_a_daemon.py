# A daemon closes all descriptors: its dumps and its crash must be recorded all the same.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: differs, our dump comes before it
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


os.closerange(3, 4096)
dump = getattr(ctypes.CDLL(None), "pyfault_dump", lambda: 0)
if dump() != 0:
    raise SystemExit("the dump was not taken")
crash()
