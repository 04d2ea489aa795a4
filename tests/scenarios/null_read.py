# C code that holds the GIL reads through a null pointer.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: string_at <- inner <- outer <- <module>
# Source: return ctypes.string_at(0)
# Threads: 1
# Interpreter: 0
# Faulthandler: same
import ctypes


def inner():
    return ctypes.string_at(0)


def outer():
    return inner()


outer()
