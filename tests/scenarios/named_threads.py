# The program names its threads. From 3.14 on CPython passes the names to the system, so they must be shown.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 3
# Names@3.14: accountant, beekeeper
# Faulthandler: same
import ctypes
import threading

from helpers import parked

lock = threading.Lock()


def wait():
    lock.acquire()


def crash():
    ctypes.memset(0, 1, 1)


lock.acquire()
parked.start(wait, "accountant")
parked.start(wait, "beekeeper")
crash()
