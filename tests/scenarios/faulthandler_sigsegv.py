# faulthandler's own way to raise the signal.
#
# Expect: SIGSEGV SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import faulthandler


def crash():
    faulthandler._sigsegv()


crash()
