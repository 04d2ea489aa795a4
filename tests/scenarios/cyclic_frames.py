# The chain of frames leads back into itself: the walk must notice that and end.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- middle <- ... <- {cycle}
# Threads: 1
# Faulthandler: differs, it goes round until it has a hundred
import ctypes
import sys

from helpers import frame_chain


def crash():
    frame_chain.set_caller(sys._getframe(1), frame_chain.address(sys._getframe()))
    ctypes.memset(0, 1, 1)


def middle():
    crash()


middle()
