# Two threads crash at the same time: one of them must be reported as crashed.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 3
# Faulthandler: differs, either thread may come first
import ctypes
import threading

barrier = threading.Barrier(2)


def crash():
    barrier.wait()
    ctypes.memset(0, 1, 1)


threads = [threading.Thread(target=crash) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
