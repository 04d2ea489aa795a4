# A filter denies rt_sigaction(), and a dump is taken. The handler can then only get out of the way
# by blocking the signal, and the program must not fault for ever.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, it prints until its stack ends
import ctypes

from helpers import seccomp


def crash():
    ctypes.memset(0, 1, 1)


dump = getattr(ctypes.CDLL(None), "pyfault_dump", lambda: 0)
seccomp.refuse([seccomp.SIGACTION], seccomp.DENY)
if dump() != 0:
    raise SystemExit("no dump was taken")
crash()
