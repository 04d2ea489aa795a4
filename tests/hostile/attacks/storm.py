"""Crashes as fast as they can be forked."""
import ctypes
import os

TRIES = 3000
for _ in range(TRIES // 10):
    for _ in range(10):
        if os.fork() == 0:
            ctypes.memset(0, 1, 1)
    for _ in range(10):
        os.wait()
open(os.environ["HOSTILE_TRIES"], "w").write(str(TRIES))
