# 900 equal frames must be folded into one line.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- descend <- descend*900 <- <module>
# Depth: 903
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.memset(0, 1, 1)


def descend(depth):
    if depth == 0:
        crash()
    descend(depth - 1)


descend(900)
