# As zeroed_link, in a thread and below a function of C.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- key <- {unreadable} <- work <- Thread.run <- ...
# Frames@3.12: crash <- key <- work <- Thread.run <- ...
# Threads: 2
# Faulthandler: differs, it takes it for the end
import ctypes
import sys
import threading

from helpers import frame_chain


def crash():
    frame_chain.set_caller(sys._getframe(1), 0)
    ctypes.memset(0, 1, 1)


def key(_):
    crash()


def work():
    sorted([1], key=key)


threading.Thread(target=work).start()
