# 1000 frames that cannot be folded: both ends must be kept and those in between be counted.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- tick <- tock <- tick <- ... <- {omitted} <- ... <- tock <- tick <- <module>
# Depth: 1003
# Threads: 1
# Faulthandler: same
import ctypes
import sys

sys.setrecursionlimit(5000)


def crash():
    ctypes.memset(0, 1, 1)


def tick(depth):
    return tock(depth - 1) if depth else crash()


def tock(depth):
    return tick(depth - 1)


tick(1000)
