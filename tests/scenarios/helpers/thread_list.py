"""Damages the list of thread states. A new thread becomes its head."""

import ctypes

_PREVIOUS, _NEXT = 0, 8


def own():
    get = ctypes.pythonapi.PyThreadState_Get
    get.restype = ctypes.c_size_t
    return get()


def head():
    state = own()
    while _word(state + _PREVIOUS).value:
        state = _word(state + _PREVIOUS).value
    return state


def set_next(state, address):
    _word(state + _NEXT).value = address


def _word(address):
    return ctypes.c_size_t.from_address(address)
