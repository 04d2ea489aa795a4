# The process has forbidden others to read its memory (PR_SET_DUMPABLE).
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
import ctypes

PR_SET_DUMPABLE = 4


def crash():
    ctypes.memset(0, 1, 1)


ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
crash()
