# The chain of frames leads to memory that is not there: what came before is kept, and from 3.11 on
# what the thread's data stack still has.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- middle <- {unreadable}
# Frames@3.11: crash <- middle <- {unreadable} <- <module>
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
