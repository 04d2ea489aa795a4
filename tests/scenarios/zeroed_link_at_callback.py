# The link that is zero leads over a library that calls back into Python. Up to 3.10 it could be one
# that switches stacks, where the chain ends, so nothing is looked for further out.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- callback
# Frames@3.11: crash <- callback <- {unreadable} <- <module>
# Frames@3.12: crash <- callback <- <module>
# Threads: 1
# Faulthandler: differs, it takes it for the end
import ctypes
import sys

from helpers import frame_chain


def crash():
    frame_chain.set_caller(sys._getframe(1), 0)
    ctypes.memset(0, 1, 1)


def callback():
    crash()


ctypes.CFUNCTYPE(None)(callback)()
