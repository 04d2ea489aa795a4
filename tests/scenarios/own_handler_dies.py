# The program has a handler of its own that leaves the signal to the kernel and does not call ours:
# the exit event must say that our handler was replaced.
#
# Expect: SIGSEGV
# Crashes: 0
# Exit: {"handler_replaced": true}
# Faulthandler: nothing
import ctypes
import signal

from helpers import machine_code

libc = ctypes.CDLL(None)
SIGACTION_SIZE = 152
SA_RESETHAND = 0x80000000

action = ctypes.create_string_buffer(SIGACTION_SIZE)
ctypes.c_void_p.from_buffer(action).value = machine_code.load(machine_code.RETURN)
ctypes.c_uint.from_buffer(action, 136).value = SA_RESETHAND
libc.sigaction(signal.SIGSEGV, action, None)
ctypes.memset(0, 1, 1)
