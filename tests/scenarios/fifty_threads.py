# Fifty threads wait while the main thread crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 51
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
for _ in range(50):
    parked.start(wait)
crash()
