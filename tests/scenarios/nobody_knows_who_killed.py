# A thread sends its process a signal by a bare system call, and it cannot be known which thread it
# was: the report must say so and name none.
#
# Expect: SIGABRT SI_USER
# Culprit: unknown
# Threads: 2
# Faulthandler: differs, it blames the thread that the kernel chose
import ctypes
import os
import signal
import threading
import time

from helpers import machine_code

SYS_KILL = 62


def give_up():
    system_call(SYS_KILL, os.getpid(), signal.SIGABRT)
    time.sleep(60)


system_call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long)(
    machine_code.load(machine_code.SYSTEM_CALL)
)
threading.Thread(target=give_up).start()
time.sleep(60)
