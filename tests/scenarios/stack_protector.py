# A C function has written past the end of its frame, which the stack protector detects.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: libc, null, "*** stack smashing detected ***: terminated"
# Faulthandler: same
import ctypes

libc = ctypes.CDLL(None)


def crash():
    libc.__stack_chk_fail()


crash()
