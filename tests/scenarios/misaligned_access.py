# An SSE instruction that wants its operand aligned gets one that is not.
#
# Expect: SIGSEGV SI_KERNEL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
from helpers import machine_code


def crash():
    machine_code.function(machine_code.MISALIGNED_LOAD)()


crash()
