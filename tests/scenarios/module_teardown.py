# A finalizer crashes while the interpreter tears down its modules.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: Last.__del__
# Threads: 1
# Finalizing: true
# Faulthandler: same
import ctypes


class Last:
    def __del__(self, crash=ctypes.memset):
        crash(0, 1, 1)


last = Last()
