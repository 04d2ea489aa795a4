# C code that holds the GIL crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.PyDLL(None).strlen(None)


crash()
