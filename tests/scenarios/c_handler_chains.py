# The program has a handler of its own, set past the C library, which hands on to the one that was
# there before.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes

from helpers import chained_handler


def crash():
    ctypes.memset(0, 1, 1)


chained_handler.install()
crash()
