# A sandbox kills a process that makes any system call but the usual harmless ones.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
# Faulthandler@3.14: differs, it dies asking for the thread's name
import ctypes

from helpers import seccomp


def crash():
    ctypes.memset(0, 1, 1)


seccomp.allow_only(seccomp.USUAL, seccomp.KILL)
crash()
