# faulthandler's handler runs first and raises the signal again. There was no division, and the
# report must not claim one.
#
# Expect: SIGFPE SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import faulthandler
import os
import signal

faulthandler.enable()


def crash():
    os.kill(os.getpid(), signal.SIGFPE)


crash()
