# faulthandler is enabled by the program: it must print its report as usual and pass the signal on.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import faulthandler

faulthandler.enable()


def crash():
    ctypes.memset(0, 1, 1)


crash()
