# A link in the chain of frames is zero, as at the end of the chain: the frames further out must be
# found on the C stack (up to 3.10) or on the data stack. From 3.12 on it is known that none is missing.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- middle <- {unreadable} <- outer <- <module>
# Frames@3.12: crash <- middle <- outer <- <module>
# Threads: 1
# Faulthandler: differs, it takes it for the end
import ctypes
import sys

from helpers import frame_chain


def crash():
    frame_chain.set_caller(sys._getframe(1), 0)
    ctypes.memset(0, 1, 1)


def middle():
    crash()


def outer():
    middle()


outer()
