# The process has reached the limit on its address space and cannot map another page when it crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import resource


def crash():
    ctypes.memset(0, 1, 1)


resource.setrlimit(resource.RLIMIT_AS, (0, 0))
crash()
