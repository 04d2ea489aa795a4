# A child crashes that was forked without the C library, so that no fork handler ran in it.
#
# Expect: SIGSEGV SEGV_MAPERR
# Process: child
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import sys

SYS_FORK = 57  # x86-64


def crash():
    ctypes.memset(0, 1, 1)


child = ctypes.PyDLL(None).syscall(SYS_FORK)
if child == 0:
    crash()
_, status = os.waitpid(child, 0)
sys.exit(os.WTERMSIG(status))
