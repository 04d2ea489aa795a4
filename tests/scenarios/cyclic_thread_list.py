# The list of thread states leads back into itself: every thread must be shown once, and the walk must end.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 3
# Faulthandler: differs, it goes round until it has shown a hundred threads
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
parked.start(wait)
thread_list.set_next(thread_list.own(), thread_list.head())
crash()
