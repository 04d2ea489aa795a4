# A crash below a class call that the interpreter has specialised: its helper frame must not be shown.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: Fragile.__init__ <- build <- <module>
# Threads: 1
# Faulthandler: same
# Faulthandler@3.13: differs, it shows the helper frame of a specialised __init__, or stops there
import ctypes


class Fragile:
    def __init__(self, size):
        ctypes.memset(0, 1, size)


def build():
    for size in [0] * 1000 + [1]:
        Fragile(size)


build()
