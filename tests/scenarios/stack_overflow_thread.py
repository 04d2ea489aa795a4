# A Python thread's C stack overflows: nothing can run without a stack of its own.
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
