# Every number that one of our descriptors could have had refers to the program's own file: nothing
# may be written to that file.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: differs, it writes into the file
import ctypes
import os
import resource
import sys


def crash():
    ctypes.memset(0, 1, 1)


data = os.open("data", os.O_CREAT | os.O_RDWR)
os.write(data, b"the program's own")
child = os.fork()
if child == 0:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for number in range(min(limit, 4096)):
        os.dup2(data, number)
    crash()
_, status = os.waitpid(child, 0)
intact = open("data", "rb").read() == b"the program's own"
sys.exit(not (intact and os.WIFSIGNALED(status)))
