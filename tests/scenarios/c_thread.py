# A POSIX thread that Python does not know crashes. The Python threads must be shown as well.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: none
# Interpreter: none
# Threads: 2
# Faulthandler: same
import ctypes

from helpers import c_threads

c_threads.run(ctypes.cast(c_threads.libc.strlen, ctypes.c_void_p).value)
