"""Threads that stand still in a known place, so that every run shows the same stacks."""

import sys
import threading
import time


def start(park, name=None):
    """Starts a thread in `park`, whose body must be one blocking call, and returns once the thread is there."""
    thread = threading.Thread(target=park, name=name, daemon=True)
    thread.start()
    while not _stands_in(thread, park.__code__):
        time.sleep(0.001)
    return thread


def _stands_in(thread, code):
    frame = sys._current_frames().get(thread.ident)
    return frame is not None and frame.f_code is code and frame.f_lineno > code.co_firstlineno
