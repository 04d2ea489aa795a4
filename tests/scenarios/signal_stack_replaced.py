# A library has replaced our signal stack by a small one of its own.
#
# Expect: SIGSEGV
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, it needs more stack in some versions
from helpers import machine_code, signal_stack


def crash():
    machine_code.function(machine_code.STACK_OVERFLOW)()


signal_stack.replace()
crash()
