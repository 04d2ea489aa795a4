# The program sets a handler with each function of the C library that can do so. The handler restores the
# default action with the same function and raises the signal again. The original fault must be reported.
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
