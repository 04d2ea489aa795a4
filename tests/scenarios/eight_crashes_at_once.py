# Eight threads crash at the same time: one must be reported as crashed and the others be shown.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 9
# Faulthandler: differs, any of them may come first
import ctypes
import threading

barrier = threading.Barrier(8)


def crash():
    barrier.wait()
    ctypes.memset(0, 1, 1)


threads = [threading.Thread(target=crash) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
