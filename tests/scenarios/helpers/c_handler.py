"""A crash handler in C: restores the default action by a given function of the C library and sends the signal again."""

import ctypes

from helpers import machine_code

libc = ctypes.CDLL(None)
SIGACTION_SIZE = 152
SYS_RT_SIGACTION = 13


def address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def giving_back(door, signal, send_again):
    """Returns the address of the handler. `send_again`: the instructions that send the signal."""
    give_back = machine_code.call(address(getattr(libc, door)), signal, 0)
    return machine_code.load(give_back + send_again + machine_code.RETURN)


def raise_again(signal):
    return machine_code.call(address(getattr(libc, "raise")), signal)


def action(handler, flags=0):
    """A struct sigaction for sigaction() and functions like it."""
    bytes_of_it = ctypes.create_string_buffer(SIGACTION_SIZE)
    ctypes.c_void_p.from_buffer(bytes_of_it).value = handler
    ctypes.c_int.from_buffer(bytes_of_it, 136).value = flags
    return bytes_of_it
