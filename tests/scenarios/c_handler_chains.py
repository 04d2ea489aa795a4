# The program's own handler, set without the C library, calls the handler that was there before. The
# crash must be reported.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes

from helpers import chained_handler


def crash():
    ctypes.memset(0, 1, 1)


chained_handler.install()
crash()
