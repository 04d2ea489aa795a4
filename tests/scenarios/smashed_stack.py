# A buffer on the C stack overflows and overwrites return addresses and saved frames.
#
# Expect: SIGSEGV SI_KERNEL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
from helpers import machine_code


def crash():
    smash()


smash = machine_code.function(machine_code.smash_stack(64))
crash()
