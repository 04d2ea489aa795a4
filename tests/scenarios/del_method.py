# A destructor crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: Doomed.__del__ <- drop <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


class Doomed:
    def __del__(self):
        ctypes.memset(0, 1, 1)


def drop():
    doomed = Doomed()
    del doomed


drop()
