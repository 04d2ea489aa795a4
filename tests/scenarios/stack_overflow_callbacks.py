# Python and C code call each other until the C stack of a thread overflows.
#
# Expect: SIGSEGV
# Frames: descend <- descend <- ... <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: nothing
# Until: 3.13
import ctypes
import sys
import threading

sys.setrecursionlimit(100_000)
threading.stack_size(256 * 1024)


def descend():
    again()


again = ctypes.CFUNCTYPE(None)(descend)
thread = threading.Thread(target=descend)
thread.start()
thread.join()
