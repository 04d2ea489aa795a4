# Two hundred forked workers crash at the same time: each must have its record.
#
# Expect: exit 0
# Crashes: 200
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: differs, the reports are printed into each other
import ctypes
import os
import sys

WORKERS = 200


def crash():
    os.read(go_pipe[0], 1) or ctypes.memset(0, 1, 1)


go_pipe = os.pipe()
for _ in range(WORKERS):
    if os.fork() == 0:
        os.close(go_pipe[1])
        crash()
os.close(go_pipe[1])
ends = [os.wait()[1] for _ in range(WORKERS)]
sys.exit(not all(os.WIFSIGNALED(end) for end in ends))
