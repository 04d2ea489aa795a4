# stderr is a full pipe that nothing reads: the crash must not wait for it.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: hangs
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True:
        os.write(writer, bytes(4096))
except BlockingIOError:
    os.set_blocking(writer, True)
os.dup2(writer, 2)
crash()
