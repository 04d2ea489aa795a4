# A function's name has been overwritten with random bytes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- {unknown} <- outer <- <module>
# Threads: 1
# Faulthandler: differs, it prints nonsense or dies
import ctypes
import random
import sys


def crash():
    ctypes.memset(0, 1, 1)


def garbled():
    crash()


def outer():
    garbled()


TYPE = 8  # offset of the type in every object
fields = ["co_name", "co_qualname"] if sys.version_info >= (3, 11) else ["co_name"]
name = "".join(["a name ", "of its own"])  # an object of its own
garbled.__code__ = garbled.__code__.replace(**{field: name for field in fields})
garbage = bytes(random.Random(1).choices(range(256), k=name.__sizeof__() - TYPE))
ctypes.memmove(id(name) + TYPE, garbage, len(garbage))
outer()
