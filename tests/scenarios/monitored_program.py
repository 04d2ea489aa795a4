# A callback of sys.monitoring crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: started <- monitored <- <module>
# Threads: 1
# Faulthandler: same
# Needs: 3.12
import ctypes
import sys

TOOL = 3


def started(code, offset):
    if code is monitored.__code__:
        ctypes.memset(0, 1, 1)


def monitored():
    return 1


sys.monitoring.use_tool_id(TOOL, "test")
sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, started)
sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
monitored()
