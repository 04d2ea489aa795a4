# A program with busy threads forks and the child crashes: only its one thread may be shown.
#
# Expect: exit 11
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import sys
import threading
import warnings

warnings.simplefilter("ignore")


def spin():
    while True:
        pass


def crash():
    ctypes.memset(0, 1, 1)


for _ in range(4):
    threading.Thread(target=spin, daemon=True).start()
child = os.fork()
if child == 0:
    crash()
_, status = os.waitpid(child, 0)
os._exit(os.WTERMSIG(status))
