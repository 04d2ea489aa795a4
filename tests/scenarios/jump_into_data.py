# The program calls an address in memory that is not executable.
#
# Expect: SIGSEGV SEGV_ACCERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes

data = ctypes.create_string_buffer(64)


def crash():
    ctypes.CFUNCTYPE(None)(ctypes.addressof(data))()


crash()
