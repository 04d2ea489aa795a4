"""Threads that stand still about 100 frames deep."""
import _thread
import threading

FRAMES = 97  # about 100 together with those of the program and of the thread around them

_distinct = {}
_source = [f"def step_{i}(action):\n    return step_{i + 1}(action)\n" for i in range(FRAMES)]
exec("".join(_source) + f"def step_{FRAMES}(action):\n    return action()\n", _distinct)


def distinct(action):
    """Calls `action` below functions that are all different."""
    return _distinct["step_0"](action)


def recursion(action, depth=FRAMES):
    """Calls `action` below one function that calls itself."""
    return recursion(action, depth - 1) if depth else action()


def park(count, descend):
    """Starts `count` threads that wait for ever at the bottom of such a stack."""
    arrived, for_ever = threading.Barrier(count + 1), _thread.allocate_lock()
    for_ever.acquire()

    def wait():
        arrived.wait()
        for_ever.acquire()

    for _ in range(count):
        _thread.start_new_thread(descend, (wait,))
    arrived.wait()
