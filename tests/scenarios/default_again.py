# A program that had its own handler for a while and has restored the default action must be watched again.
#
# Expect: SIGSEGV SEGV_MAPERR
# Address: 0x0
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: nothing
import ctypes
import signal


def crash():
    ctypes.memset(0, 1, 1)


before = signal.signal(signal.SIGSEGV, lambda number, frame: None)
if before != signal.SIG_DFL or signal.getsignal(signal.SIGABRT) != signal.SIG_DFL:
    raise SystemExit("something shows that was not there: %s" % before)
signal.signal(signal.SIGSEGV, before)
crash()
