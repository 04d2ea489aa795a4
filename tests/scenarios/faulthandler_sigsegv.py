# faulthandler raises the signal by its own test function.
#
# Expect: SIGSEGV SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import faulthandler


def crash():
    faulthandler._sigsegv()


crash()
