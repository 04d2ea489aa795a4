# A thread crashes while others wait for a lock, a clock, a descriptor and this thread.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 5
# Faulthandler: same
import ctypes
import os
import select
import threading
import time

from helpers import parked

lock = threading.Lock()
silent_pipe = os.pipe()
go_pipe = os.pipe()


def wait_for_lock():
    lock.acquire()


def wait_for_clock():
    time.sleep(3600)


def wait_for_descriptor():
    select.select([silent_pipe[0]], [], [])


def crash():
    os.read(go_pipe[0], 1) and ctypes.memset(0, 1, 1)


lock.acquire()
parked.start(wait_for_lock)
parked.start(wait_for_clock)
parked.start(wait_for_descriptor)
parked.start(crash)
os.write(go_pipe[1], b".") and lock.acquire()
