# A worker of a multiprocessing.Pool crashes. The pool replaces it and never returns a result.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- worker <- BaseProcess.run <- BaseProcess._bootstrap <- ...
# Faulthandler: same
import ctypes
import multiprocessing
import os
import sys


def crash(pipe):
    os.close(pipe[0])
    ctypes.memset(0, 1, 1)


if __name__ == "__main__":
    end = os.pipe()
    context = multiprocessing.get_context("fork")
    with context.Pool(1, maxtasksperchild=1) as pool:
        os.close(end[1])
        pool.apply_async(crash, (end,))
        os.read(end[0], 1)  # until the worker is dead
        os._exit(0)
