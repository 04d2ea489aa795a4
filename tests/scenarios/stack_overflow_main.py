# The main thread's C stack overflows.
#
# Expect: SIGSEGV
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import faulthandler


def crash():
    faulthandler._stack_overflow()


crash()
