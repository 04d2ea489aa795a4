# The program makes a system call that seccomp does not allow.
#
# Expect: SIGSYS SYS_SECCOMP
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: nothing
import ctypes

from helpers import seccomp

libc = ctypes.CDLL(None)
GETPRIORITY = 140


def crash():
    libc.getpriority(0, 0)


seccomp.refuse([GETPRIORITY], seccomp.TRAP)
crash()
