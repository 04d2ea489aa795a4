"""A handler that the program sets without the C library, and that calls the handler that was there before."""

import ctypes
import signal

from helpers import machine_code

_RT_SIGACTION = 13
_libc = ctypes.CDLL(None)


class _Action(ctypes.Structure):  # the kernel's struct sigaction
    _fields_ = [
        ("handler", ctypes.c_size_t),
        ("flags", ctypes.c_ulong),
        ("restorer", ctypes.c_size_t),
        ("mask", ctypes.c_ulong),
    ]


def install():
    """For SIGSEGV. Does nothing if there was no handler."""
    action = _Action()
    _libc.syscall(_RT_SIGACTION, signal.SIGSEGV, None, ctypes.byref(action), 8)
    if action.handler:
        action.handler = machine_code.load(machine_code.jump_to(action.handler))
        _libc.syscall(_RT_SIGACTION, signal.SIGSEGV, ctypes.byref(action), None, 8)
