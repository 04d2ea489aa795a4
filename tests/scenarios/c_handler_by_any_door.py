# The C library has many doors to a signal's action. Whichever a handler comes in by, and gives the
# signal back by, the fault behind it is reported.
#
# Expect: exit 0
# Signal: SIGSEGV SEGV_MAPERR
# Crashes: 6
# Process: child
# Address: 0x0
# Frames: crash <- child <- <module>
# Threads: 1
# Faulthandler: nothing
import ctypes
import os
import signal

from helpers import c_handler

DOORS = ["signal", "bsd_signal", "ssignal", "sysv_signal", "__sysv_signal", "sigset"]


def crash():
    ctypes.memset(0, 1, 1)


def child(door):
    handler = c_handler.giving_back(door, signal.SIGSEGV, c_handler.raise_again(signal.SIGSEGV))
    getattr(c_handler.libc, door)(signal.SIGSEGV, ctypes.c_void_p(handler))
    crash()


for door in DOORS:
    pid = os.fork()
    if pid == 0:
        child(door)
    os.waitpid(pid, 0)
