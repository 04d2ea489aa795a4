# A library disables the signal stack: no handler can run when the stack overflows, but the exit
# must be reported.
#
# Expect: SIGSEGV
# Crashes: 0
# Faulthandler: nothing
from helpers import machine_code, signal_stack

signal_stack.disable()
machine_code.function(machine_code.STACK_OVERFLOW)()
