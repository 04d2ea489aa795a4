# The process has changed its root to an empty directory before it crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Sources: perhaps
# Faulthandler: same
import ctypes
import os
import tempfile

from helpers import permitted


def crash():
    ctypes.memset(0, 1, 1)


with tempfile.TemporaryDirectory() as empty, permitted.or_skip("to chroot"):
    os.chroot(empty)
    crash()
