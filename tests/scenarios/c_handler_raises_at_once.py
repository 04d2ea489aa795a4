# As c_handler_raises_again, but the signal is not blocked in the handler, so the raised one arrives
# before the handler returns.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: nothing
import ctypes
import signal

from helpers import machine_code

libc = ctypes.CDLL(None)
SIGACTION_SIZE = 152
SA_NODEFER = 0x40000000


def address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def crash():
    ctypes.memset(0, 1, 1)


give_up = machine_code.call(address(libc.signal), signal.SIGSEGV, signal.SIG_DFL)
raise_again = machine_code.call(address(getattr(libc, "raise")), signal.SIGSEGV)
handler = machine_code.load(give_up + raise_again + machine_code.RETURN)
action = ctypes.create_string_buffer(SIGACTION_SIZE)
ctypes.c_void_p.from_buffer(action).value = handler
ctypes.c_int.from_buffer(action, 136).value = SA_NODEFER
libc.sigaction(signal.SIGSEGV, action, None)
crash()
