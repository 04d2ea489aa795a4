# The program executes an instruction that does not exist.
#
# Expect: SIGILL ILL_ILLOPN
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
from helpers import machine_code


def crash():
    machine_code.function(machine_code.UNDEFINED)()


crash()
