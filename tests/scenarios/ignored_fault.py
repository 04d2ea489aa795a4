# The program ignores the signal of a fault. The kernel kills it all the same, past us: the exit
# tells why there is no record.
#
# Expect: SIGSEGV
# Crashes: 0
# Exit: {"handler_replaced": true}
# Faulthandler: nothing
import ctypes
import signal

ctypes.CDLL(None).sigignore(signal.SIGSEGV)
ctypes.memset(0, 1, 1)
