# A vfork child dies on its parent's memory before it executes a program. Only the parent's own
# crash, which comes later, may be reported as the parent's; a notice must tell of the child's death.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Notice: a child of it died of SIGILL on its memory (vfork)
# Faulthandler: differs, it blames the parent
import ctypes
import os

from helpers import machine_code


def crash():
    ctypes.memset(0, 1, 1)


child = machine_code.function(machine_code.VFORK_AND_CRASH, ctypes.c_int)()
_, status = os.waitpid(child, 0)
if os.WTERMSIG(status) != 4:
    raise SystemExit("the child did not die of SIGILL")
crash()
