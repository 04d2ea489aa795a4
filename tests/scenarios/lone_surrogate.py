# A file name is not valid Unicode: os.fsdecode() has made it from a Latin-1 name.
#
# Expect: SIGSEGV SEGV_MAPERR
# File: "caf\\udce9.py"
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    ctypes.memset(0, 1, 1)


crash.__code__ = crash.__code__.replace(co_filename="caf\udce9.py")
crash()
