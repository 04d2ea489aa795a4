# Machine code divides an integer by zero.
#
# Expect: SIGFPE FPE_INTDIV
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
from helpers import machine_code


def crash():
    machine_code.function(machine_code.DIVIDE_BY_ZERO)()


crash()
