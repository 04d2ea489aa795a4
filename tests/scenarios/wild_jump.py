# The program calls an unmapped address, so the program counter itself is invalid.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x123456789000
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.CFUNCTYPE(None)(0x123456789000)()


crash()
