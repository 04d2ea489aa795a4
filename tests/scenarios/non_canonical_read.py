# The program reads a non-canonical address, which the kernel does not report as the fault address.
#
# Expect: SIGSEGV SI_KERNEL
# Frames: string_at <- crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.string_at(0xDEADBEEFDEADBEEF, 8)


crash()
