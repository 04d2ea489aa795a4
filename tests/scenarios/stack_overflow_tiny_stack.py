# The stack overflows in a thread that has a very small one.
#
# Expect: SIGSEGV
# Frames: work <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: nothing
import sys
import threading

from helpers import machine_code

overflow = machine_code.function(machine_code.STACK_OVERFLOW)


def work():
    overflow()


threading.stack_size(32768 if sys.version_info < (3, 14) else 65536)  # about the smallest that works
thread = threading.Thread(target=work)
thread.start()
thread.join()
