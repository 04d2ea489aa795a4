# Another handler runs first and raises the signal again. No division stands behind it, and none is
# made up.
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
