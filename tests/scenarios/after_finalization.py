# A C function registered with atexit() crashes after the interpreter has been finalized.
#
# Expect: SIGABRT SI_TKILL
# Frames: none
# Threads: 1
# Faulthandler: nothing
import ctypes

libc = ctypes.CDLL(None)
libc.on_exit(ctypes.cast(libc.abort, ctypes.c_void_p), None)
