# An SSE instruction that needs an aligned operand gets a misaligned one.
#
# Expect: SIGSEGV SI_KERNEL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
from helpers import machine_code


def crash():
    machine_code.function(machine_code.MISALIGNED_LOAD)()


crash()
