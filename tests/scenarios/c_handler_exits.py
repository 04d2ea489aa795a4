# The program has a C handler that ends the process: it exits and does not crash.
#
# Expect: exit 11
# Crashes: 0
# Faulthandler: nothing
import ctypes
import signal

libc = ctypes.CDLL(None)
libc.signal(signal.SIGSEGV, ctypes.cast(libc._exit, ctypes.c_void_p))
ctypes.memset(0, 1, 1)
