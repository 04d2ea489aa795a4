# The first process of a PID namespace, forked by a process outside, crashes.
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

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


with permitted.or_skip("to make a PID namespace"):
    permitted.unshare(permitted.CLONE_NEWPID)
child = os.fork()
if child == 0:
    crash()
_, status = os.waitpid(child, 0)
sys.exit(os.WTERMSIG(status))
