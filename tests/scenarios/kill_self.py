# A process sends itself SIGSEGV without having faulted.
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
