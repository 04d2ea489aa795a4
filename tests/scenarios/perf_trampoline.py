# A crash below the trampolines that make Python functions visible to perf.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- middle <- <module>
# Threads: 1
# Faulthandler: same
# Needs: 3.12
import ctypes
import os
import sys


def crash():
    ctypes.memset(0, 1, 1)


def middle():
    os.unlink(f"/tmp/perf-{os.getpid()}.map")
    crash()


try:
    sys.activate_stack_trampoline("perf")
except ValueError as error:
    print(f"this interpreter was built without perf trampolines: {error}", file=sys.stderr)
    sys.exit(77)
middle()
