# The stack overflows in a thread that has little of it.
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


threading.stack_size(32768 if sys.version_info < (3, 14) else 65536)  # about the least it takes
thread = threading.Thread(target=work)
thread.start()
thread.join()
