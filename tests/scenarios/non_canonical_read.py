# An address that the processor refuses: the kernel knows no fault address.
#
# Expect: SIGSEGV SI_KERNEL
# Frames: string_at <- crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.string_at(0xDEADBEEFDEADBEEF, 8)


crash()
