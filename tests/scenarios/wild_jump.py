# A call goes to an address that nothing is mapped at: the program counter itself is wild.
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
