# The C stack of a Python thread overflows: the handler can only run on a stack of its own.
#
# Expect: SIGSEGV
# Frames: crash <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: nothing
import threading

from helpers import machine_code


def crash():
    machine_code.function(machine_code.STACK_OVERFLOW)()


thread = threading.Thread(target=crash)
thread.start()
thread.join()
