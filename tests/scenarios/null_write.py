# C code that has released the GIL writes through a null pointer.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: Writer.write <- <module>
# Source: ctypes.memset(0, 1, 1)
# Threads: 1
# Faulthandler: same
import ctypes


class Writer:
    def write(self):
        ctypes.memset(0, 1, 1)


Writer().write()
