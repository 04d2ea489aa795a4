# A function's name claims an absurd length: the bytes behind it must not be reported as its text.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- {unknown} <- outer <- <module>
# Threads: 1
# Faulthandler: differs, it prints what lies behind the name
import ctypes
import sys


def crash():
    ctypes.memset(0, 1, 1)


def endless():
    crash()


def outer():
    endless()


LENGTH = object.__basicsize__  # of a str, its first field
fields = ["co_name", "co_qualname"] if sys.version_info >= (3, 11) else ["co_name"]
name = "".join(["a name ", "of its own"])  # an object of its own
endless.__code__ = endless.__code__.replace(**{field: name for field in fields})
ctypes.c_ssize_t.from_address(id(name) + LENGTH).value = 1 << 60
outer()
