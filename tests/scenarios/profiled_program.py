# A program crashes while cProfile profiles it.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module> <- Profile.runctx <- <module>
# Threads: 1
# Faulthandler: differs, the last part of a name may hold a dot
import cProfile
import ctypes


def crash():
    ctypes.memset(0, 1, 1)


cProfile.Profile().runctx("crash()", globals(), {})
