# The interpreter's own C code calls Python: a key function of sorted() crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: <lambda> <- main <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


def main():
    return sorted([1], key=KEY)


KEY = lambda _: ctypes.memset(0, 1, 1)
main()
