# The expression that crashes spans five lines.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Source: return ctypes.memset(
# Span: 5
# Threads: 1
# Faulthandler: same
import ctypes


def crash():
    return ctypes.memset(
        0,
        1,
        len("of five lines"),
    )


crash()
