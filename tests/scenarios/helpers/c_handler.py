"""A crash handler of the program's own, in C: it gives the signal back by one door of the C library and sends it again."""

import ctypes

from helpers import machine_code

libc = ctypes.CDLL(None)
SIGACTION_SIZE = 152
SYS_RT_SIGACTION = 13


def address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def giving_back(door, signal, send_again):
    """The address of the handler; `send_again`: instructions."""
    give_back = machine_code.call(address(getattr(libc, door)), signal, 0)
    return machine_code.load(give_back + send_again + machine_code.RETURN)


def raise_again(signal):
    return machine_code.call(address(getattr(libc, "raise")), signal)


def action(handler, flags=0):
    """A struct sigaction, to sigaction() and its like."""
    bytes_of_it = ctypes.create_string_buffer(SIGACTION_SIZE)
    ctypes.c_void_p.from_buffer(bytes_of_it).value = handler
    ctypes.c_int.from_buffer(bytes_of_it, 136).value = flags
    return bytes_of_it
