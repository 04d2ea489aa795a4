# The finalizer of an object in a cycle crashes while the garbage collector runs.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: Knot.__del__ <- collect <- <module>
# Garbage: collecting
# Threads: 1
# Faulthandler: same
import ctypes
import gc


class Knot:
    def __init__(self):
        self.itself = self

    def __del__(self):
        ctypes.memset(0, 1, 1)


def collect():
    Knot()
    gc.collect()


gc.disable()
collect()
