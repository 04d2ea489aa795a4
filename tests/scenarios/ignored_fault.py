# The program ignores the signal of a fault. The kernel kills the program all the same, without
# calling our handler: the exit event must say why there is no record.
#
# Expect: SIGSEGV
# Crashes: 0
# Exit: {"handler_replaced": true}
# Faulthandler: nothing
import ctypes
import signal

ctypes.CDLL(None).sigignore(signal.SIGSEGV)
ctypes.memset(0, 1, 1)
