# The program's C handler cannot do anything and restores the default action, so the fault occurs again.
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


def crash():
    ctypes.memset(0, 1, 1)


def reset_to_default():
    library = ctypes.cast(libc.signal, ctypes.c_void_p).value
    return machine_code.load(machine_code.CLEAR_SECOND_ARGUMENT + machine_code.jump_to(library))


libc.signal(signal.SIGSEGV, ctypes.c_void_p(reset_to_default()))
crash()
