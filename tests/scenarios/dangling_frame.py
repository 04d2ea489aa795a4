# A link in the chain of frames points to unmapped memory. The frames before it must be kept, and those further out
# must be found on the C stack (up to 3.10) or on the data stack. From 3.12 on it is known that none is missing.
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
