# A thread's C handler gives the signal back and sends it to the whole process, and the main thread
# has to take it. The thread that faulted is the one that crashed.
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
