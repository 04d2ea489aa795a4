# A forked child crashes; its parent goes on.
#
# Expect: SIGSEGV SEGV_MAPERR
# Process: child
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import sys


def crash():
    ctypes.memset(0, 1, 1)


child = os.fork()
if child == 0:
    crash()
_, status = os.waitpid(child, 0)
sys.exit(os.WTERMSIG(status))
