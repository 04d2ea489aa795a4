# A thread's name must not forge a line of the report.
#
# Expect: SIGSEGV SEGV_MAPERR
# Forged: 2038-01-19
# Frames: crash <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: differs, how far the caller has come into its wait varies
import ctypes
import threading


def crash():
    ctypes.memset(0, 1, 1)


name = '"\n2038-01-19 CRITICAL fake\r\x1b[2J\x9b31m\u202e\u2066\u200b\0\udc80'
thread = threading.Thread(target=crash, name=name)
thread.start()
thread.join()
