"""Threads that Python does not know."""

import ctypes

libc = ctypes.CDLL(None)


def run(routine, argument=None):
    """Runs the C function at address `routine` in a new POSIX thread and waits for its end."""
    thread = ctypes.c_ulong()
    create = (ctypes.byref(thread), None, ctypes.c_void_p(routine), argument)
    begin, join = libc.pthread_create, libc.pthread_join  # so that calling them runs no Python code
    # On one line, so that the creator's position is the same whenever the thread looks.
    assert begin(*create) == 0 and join(thread, None) == 0


def start(routine, argument=None):
    """Starts such a thread without waiting for it, and without releasing the GIL."""
    create = ctypes.PyDLL(None).pthread_create
    assert create(ctypes.byref(ctypes.c_ulong()), None, ctypes.c_void_p(routine), argument) == 0
