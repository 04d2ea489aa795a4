# A stack of a hundred thousand frames: both ends must be kept and those in between be counted.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- tick <- tock <- tick <- ... <- {omitted} <- ... <- tock <- tick <- main <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Depth: 100006
# Threads: 2
# Faulthandler: same
import ctypes
import os
import sys
import threading

from helpers import parked

DEPTH = 100_000

sys.setrecursionlimit(2 * DEPTH)
threading.stack_size(1 << 29)  # up to 3.10 each frame also uses the C stack


def crash():
    ctypes.memset(0, 1, 1)


def tick(depth):
    return tock(depth - 1) if depth else crash()


def tock(depth):
    return tick(depth - 1)


def main():
    os.read(go_pipe[0], 1) and tick(DEPTH)


lock = threading.Lock()
lock.acquire()
go_pipe = os.pipe()
parked.start(main)
os.write(go_pipe[1], b".") and lock.acquire()
