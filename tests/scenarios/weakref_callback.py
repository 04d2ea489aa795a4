# The callback of a weak reference crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: lament <- drop <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import weakref


class Mortal:
    pass


def lament(reference):
    ctypes.memset(0, 1, 1)


def drop():
    mortal = Mortal()
    reference = weakref.ref(mortal, lament)
    del mortal


drop()
