# The stack of a POSIX thread that Python does not know overflows.
#
# Expect: SIGSEGV
# Frames: none
# Interpreter: none
# Threads: 2
# Faulthandler: nothing
from helpers import c_threads, machine_code

c_threads.run(machine_code.load(machine_code.STACK_OVERFLOW))
