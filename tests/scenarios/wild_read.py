# The program reads an unmapped address.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x123456789000
# Frames: string_at <- crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.string_at(0x123456789000, 8)


crash()
