# A fault occurs while its signal is blocked: the kernel kills the process without calling a handler.
#
# Expect: SIGSEGV
# Crashes: 0
# Faulthandler: nothing
import ctypes
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGSEGV])
ctypes.memset(0, 1, 1)
