# A process sends itself the signal; nothing is wrong with its memory.
#
# Expect: SIGSEGV SI_USER
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import os
import signal


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


crash()
