# The program's C handler, on the thread's own stack, restores the default action and raises the
# signal again: the original fault must be reported.
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


def address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def crash():
    ctypes.memset(0, 1, 1)


give_up = machine_code.call(address(libc.signal), signal.SIGSEGV, signal.SIG_DFL)
raise_again = machine_code.call(address(getattr(libc, "raise")), signal.SIGSEGV)
handler = machine_code.load(give_up + raise_again + machine_code.RETURN)
libc.signal(signal.SIGSEGV, ctypes.c_void_p(handler))
crash()
