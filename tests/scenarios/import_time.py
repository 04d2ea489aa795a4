# A module crashes while it is imported.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: <module> <- _call_with_frames_removed <- ... <- _find_and_load <- load <- <module>
# Threads: 1
# Faulthandler: same
import os
import sys

sys.dont_write_bytecode = True
with open("crashing_module.py", "w") as module:
    module.write("import ctypes\n\nctypes.memset(0, 1, 1)\n")


def load():
    import crashing_module


sys.path.insert(0, os.getcwd())
load()
