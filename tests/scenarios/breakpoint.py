# The program executes a breakpoint instruction without a debugger.
#
# Expect: SIGTRAP SI_KERNEL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: nothing
from helpers import machine_code

breakpoint_here = machine_code.function(machine_code.BREAKPOINT)


def crash():
    breakpoint_here()


crash()
