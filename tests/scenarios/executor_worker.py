# A worker of a ThreadPoolExecutor crashes while the caller waits for its result.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: work <- ... <- _worker <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: differs, how far the caller has come into its wait varies
import concurrent.futures
import ctypes


def work(size):
    ctypes.memset(0, 1, size)


with concurrent.futures.ThreadPoolExecutor(max_workers=1) as executor:
    executor.submit(work, 1).result()
