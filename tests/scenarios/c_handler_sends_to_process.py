# A thread's C handler restores the default action and sends the signal to the whole process, where
# the main thread gets it. The thread that faulted must be reported as the crashed one.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: decode <- ...
# Names: decoder
# Threads: 2
# Faulthandler: nothing
import ctypes
import os
import signal
import threading
import time

from helpers import c_handler, machine_code


def decode():
    ctypes.memset(0, 1, 1)


send = machine_code.call(c_handler.address(c_handler.libc.kill), os.getpid(), signal.SIGSEGV)
handler = c_handler.giving_back("signal", signal.SIGSEGV, send)
c_handler.libc.signal(signal.SIGSEGV, ctypes.c_void_p(handler))
threading.Thread(target=decode, name="decoder").start()
time.sleep(60)
