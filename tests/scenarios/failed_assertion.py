# An assertion in C code fails. The report must quote its message.
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
