# The program has a handler of its own, which hands on to the one that was there before.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import signal

from helpers import machine_code

libc = ctypes.CDLL(None)


class Action(ctypes.Structure):
    _fields_ = [
        ("handler", ctypes.c_size_t),
        ("mask", ctypes.c_ulong * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_size_t),
    ]


def chain():
    action = Action()
    libc.sigaction(signal.SIGSEGV, None, ctypes.byref(action))
    if action.handler:
        action.handler = machine_code.load(machine_code.jump_to(action.handler))
        libc.sigaction(signal.SIGSEGV, ctypes.byref(action), None)


def crash():
    ctypes.memset(0, 1, 1)


chain()
crash()
