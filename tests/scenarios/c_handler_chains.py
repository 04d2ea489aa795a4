# The program has a handler of its own, set past the C library, which hands on to the one that was
# there before.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import signal

from helpers import machine_code

libc = ctypes.CDLL(None)
RT_SIGACTION = 13


class Action(ctypes.Structure):  # the kernel's
    _fields_ = [
        ("handler", ctypes.c_size_t),
        ("flags", ctypes.c_ulong),
        ("restorer", ctypes.c_size_t),
        ("mask", ctypes.c_ulong),
    ]


def chain():
    action = Action()
    libc.syscall(RT_SIGACTION, signal.SIGSEGV, None, ctypes.byref(action), 8)
    if action.handler:
        action.handler = machine_code.load(machine_code.jump_to(action.handler))
        libc.syscall(RT_SIGACTION, signal.SIGSEGV, ctypes.byref(action), None, 8)


def crash():
    ctypes.memset(0, 1, 1)


chain()
crash()
