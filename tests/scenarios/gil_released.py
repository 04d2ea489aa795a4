# C code that has released the GIL crashes while another thread holds the GIL and computes.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 2
# Faulthandler: differs, the busy thread is somewhere else in every run
import ctypes
import threading


def spin():
    while True:
        pass


def crash():
    ctypes.CDLL(None).strlen(None)


threading.Thread(target=spin, daemon=True).start()
crash()
