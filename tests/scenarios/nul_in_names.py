# Names hold a NUL, a lone surrogate and bidirectional controls: none may be cut off or written raw.
#
# Expect: SIGSEGV SEGV_MAPERR
# File: "a\u0000b\\udc80\u2066c\u2069.py"
# Function: "f\u0000\u202eg\u0085h\u2028i"
# Forged: i
# Threads: 1
# Faulthandler: same
import ctypes
import sys


def crash():
    ctypes.memset(0, 1, 1)


fields = {"co_filename": "a\0b\udc80\u2066c\u2069.py"}
for field in ["co_name", "co_qualname"] if sys.version_info >= (3, 11) else ["co_name"]:
    fields[field] = "f\0\u202eg\x85h\u2028i"
crash.__code__ = crash.__code__.replace(**fields)
crash()
