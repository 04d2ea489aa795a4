# A worker of a ProcessPoolExecutor crashes. The pool itself only says that it is broken.
#
# Expect: SIGSEGV SEGV_MAPERR
# Process: child
# Frames: work <- ... <- _process_worker <- BaseProcess.run <- BaseProcess._bootstrap <- ...
# Faulthandler: differs, the option is handed to some children only
import concurrent.futures
import ctypes
import sys
from concurrent.futures.process import BrokenProcessPool


def work(size):
    ctypes.memset(0, 1, size)


if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(max_workers=1) as executor:
        try:
            executor.submit(work, 1).result()
        except BrokenProcessPool:
            sys.exit(3)
