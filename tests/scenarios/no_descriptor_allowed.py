# The process may not open any more descriptors when it crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
import ctypes
import resource


def crash():
    ctypes.memset(0, 1, 1)


resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
crash()
