# A code object has been overwritten with garbage, except for its type: the other frames must be kept.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- {unknown} <- outer <- <module>
# Threads: 1
# Faulthandler: differs, it dies of the same pointers
import ctypes
import sys

HEAD = object.__basicsize__ // 8  # words that every object begins with: reference count and type
END = 120 // 8 if sys.version_info < (3, 11) else 176 // 8  # roughly the end of the fields


def crash():
    words = (ctypes.c_size_t * END).from_address(id(garbled.__code__))
    for index in range(HEAD, END):
        words[index] = 0x123456789ABC
    ctypes.memset(0, 1, 1)


def garbled():
    crash()


def outer():
    garbled()


outer()
