# An assertion of C code fails.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: libc, null, "server.c:42: serve: Assertion `client != NULL' failed."
# Faulthandler: same
import ctypes

libc = ctypes.CDLL(None)


def crash():
    libc.__assert_fail(b"client != NULL", b"server.c", 42, b"serve")


crash()
