# The process has moved to a network namespace of its own after its start.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


with permitted.or_skip("to make a network namespace"):
    permitted.unshare(permitted.CLONE_NEWNET)
crash()
