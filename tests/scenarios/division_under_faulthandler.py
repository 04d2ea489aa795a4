# faulthandler's handler runs first and raises the signal again. The original division must be found.
#
# Expect: SIGFPE FPE_INTDIV
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import faulthandler

from helpers import machine_code

faulthandler.enable()


def crash():
    divide()


divide = machine_code.function(machine_code.DIVIDE_BY_ZERO)
crash()
