# A generator that is driven by another generator crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: numbers <- doubled <- consume <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def numbers():
    yield 1
    yield ctypes.memset(0, 1, 1)


def doubled(source):
    for number in source:
        yield 2 * number


def consume():
    return list(doubled(numbers()))


consume()
