# The process cannot get another page of memory: recording its crash must not need one.
#
# Expect: exit 11
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, the write to its stderr may need another page
import ctypes
import os
import sys

from helpers import memory_cgroup


def crash(address):
    ctypes.memset(address, 1, 1)


with memory_cgroup.or_skip() as cgroup:
    child = os.fork()
    if child == 0:
        cgroup.enter()
        # The first round does no harm, and lets the interpreter allocate all that it needs.
        for room, address in (1 << 20, ctypes.create_string_buffer(1)), (16384, 0):
            cgroup.fill(room)
            crash(address)
    _, status = os.waitpid(child, 0)
sys.exit(os.WTERMSIG(status))
