# A filter denies all but a few system calls, even getpid().
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
# Faulthandler@3.14: differs, it may not ask for the thread's name
import ctypes

from helpers import seccomp


def crash():
    ctypes.memset(0, 1, 1)


seccomp.allow_only(seccomp.LITTLE, seccomp.DENY)
crash()
