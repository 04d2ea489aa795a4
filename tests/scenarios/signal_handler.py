# A signal handler in Python crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: handle <- main <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import signal


def handle(number, frame):
    ctypes.memset(0, 1, 1)


def main():
    signal.signal(signal.SIGUSR1, handle)
    os.kill(os.getpid(), signal.SIGUSR1)


main()
