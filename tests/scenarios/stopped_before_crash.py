# A program that has been stopped and continued crashes.
#
# Expect: exit 11
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import os
import signal
import sys


def crash():
    ctypes.memset(0, 1, 1)


worker = os.fork()
if worker == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    crash()
os.waitpid(worker, os.WUNTRACED)
os.kill(worker, signal.SIGCONT)
_, status = os.waitpid(worker, 0)
sys.exit(os.WTERMSIG(status))
