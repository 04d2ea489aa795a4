# The list of thread states is broken before the crashed thread: that thread must be found all the same.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 2
# Faulthandler: differs, it dies of the same pointer or stops there
import ctypes
import threading

from helpers import parked, thread_list

lock = threading.Lock()


def wait():
    lock.acquire()


def crash():
    ctypes.memset(0, 1, 1)


lock.acquire()
parked.start(wait)
thread_list.set_next(thread_list.head(), 0x123456789000)
crash()
