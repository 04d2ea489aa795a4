# 150 threads wait while the one that was started first crashes: none may be left out.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 152
# Faulthandler: differs, it shows a hundred threads at most
import ctypes
import os
import threading

from helpers import parked

lock = threading.Lock()
go_pipe = os.pipe()


def wait():
    lock.acquire()


def crash():
    os.read(go_pipe[0], 1) and ctypes.memset(0, 1, 1)


lock.acquire()
parked.start(crash)
for _ in range(150):
    parked.start(wait)
os.write(go_pipe[1], b".") and lock.acquire()
