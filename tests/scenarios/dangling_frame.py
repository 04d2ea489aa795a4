# The chain of frames leads to memory that is not there: what came before is kept, and what the C
# stack (up to 3.10) or the data stack still has. From 3.12 on that is known to be all.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- middle <- {unreadable} <- <module>
# Frames@3.12: crash <- middle <- <module>
# Threads: 1
# Faulthandler: differs, it dies of the same pointer
import ctypes
import sys

from helpers import frame_chain


def crash():
    frame_chain.set_caller(sys._getframe(1), 0x123456789000)
    ctypes.memset(0, 1, 1)


def middle():
    crash()


middle()
