# A program that is started in a network namespace of its own cannot reach the watchdog's socket: no
# record, but the exit is told.
#
# Expect: SIGSEGV
# Crashes: 0
# Faulthandler: differs, it does not need anybody
import ctypes
import os
import sys

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


if len(sys.argv) == 1:
    with permitted.or_skip("a network namespace"):
        permitted.unshare(permitted.CLONE_NEWNET)
    os.execv(sys.executable, [sys.executable, __file__, "again"])
crash()
