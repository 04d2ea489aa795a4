# A file name is an instance of a subclass of str, which stores its characters elsewhere.
#
# Expect: SIGSEGV SEGV_MAPERR
# File: "a subclass.py"
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


class Name(str):
    pass


def crash():
    ctypes.memset(0, 1, 1)


crash.__code__ = crash.__code__.replace(co_filename=Name("a subclass.py"))
crash()
