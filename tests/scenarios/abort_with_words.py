# A library prints its reason to stderr in a format of its own and aborts. The report must quote it.
#
# Expect: SIGABRT SI_TKILL
# Frames: give_up <- <module>
# Threads: 1
# Words: stderr, null, "E library.cc:42] CHECK failed: the reason"
# Faulthandler: same
import ctypes
import os

libc = ctypes.CDLL(None)


def give_up():
    libc.dprintf(2, b"E library.cc:%d] CHECK failed: %s\n", 42, b"the reason")
    libc.abort()


give_up()
