# A function of the C library's atexit() crashes when the interpreter is gone.
#
# Expect: SIGABRT SI_TKILL
# Frames: none
# Threads: 1
# Faulthandler: nothing
import ctypes

libc = ctypes.CDLL(None)
libc.on_exit(ctypes.cast(libc.abort, ctypes.c_void_p), None)
