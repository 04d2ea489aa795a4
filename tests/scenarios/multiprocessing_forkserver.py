# A child of multiprocessing that was started by "forkserver" crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Process: child
# Frames: crash <- BaseProcess.run <- BaseProcess._bootstrap <- ...
# Faulthandler: differs, the option is handed to some children only
import ctypes
import multiprocessing
import sys


def crash():
    ctypes.memset(0, 1, 1)


if __name__ == "__main__":
    child = multiprocessing.get_context("forkserver").Process(target=crash)
    child.start()
    child.join()
    sys.exit(-child.exitcode)
