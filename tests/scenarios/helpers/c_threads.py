"""Threads that Python knows nothing of."""

import ctypes

libc = ctypes.CDLL(None)


def run(routine, argument=None):
    """Runs the C function at address `routine` in a new POSIX thread and waits for its end."""
    thread = ctypes.c_ulong()
    create = (ctypes.byref(thread), None, ctypes.c_void_p(routine), argument)
    begin, join = libc.pthread_create, libc.pthread_join  # no Python code runs for these any more
    # On one line: wherever the thread finds its creator, that is where it stands.
    assert begin(*create) == 0 and join(thread, None) == 0


def start(routine, argument=None):
    """Starts it and goes on, never without the GIL."""
    create = ctypes.PyDLL(None).pthread_create
    assert create(ctypes.byref(ctypes.c_ulong()), None, ctypes.c_void_p(routine), argument) == 0
