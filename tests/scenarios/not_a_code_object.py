# A frame's code object has been freed and its memory is used by another object now.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- {unreadable} <- outer <- <module>
# Threads: 1
# Faulthandler: differs, it takes anything for a code object
import ctypes
import sys

from helpers import frame_chain


def crash():
    frame_chain.set_code(sys._getframe(1), frame_chain.pointer_to("not a code object"))
    ctypes.memset(0, 1, 1)


def confused():
    crash()


def outer():
    confused()


outer()
