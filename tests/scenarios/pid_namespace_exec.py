# The first process of a PID namespace, a program that was executed as in a container, crashes.
#
# Expect: exit 11
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, the option is not handed on
import ctypes
import os
import sys

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


if len(sys.argv) > 1:
    crash()
with permitted.or_skip("to make a PID namespace"):
    permitted.unshare(permitted.CLONE_NEWPID)
child = os.fork()
if child == 0:
    os.execv(sys.executable, [sys.executable, __file__, "again"])
_, status = os.waitpid(child, 0)
sys.exit(os.WTERMSIG(status))
