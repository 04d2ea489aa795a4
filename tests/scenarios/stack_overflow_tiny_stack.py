# The stack overflows in a thread that has little of it.
#
# Expect: SIGSEGV
# Frames: work <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: nothing
import threading

from helpers import machine_code

overflow = machine_code.function(machine_code.STACK_OVERFLOW)


def work():
    overflow()


threading.stack_size(64 * 1024)  # a platform's least is 32 KiB, on which not every version can start
thread = threading.Thread(target=work)
thread.start()
thread.join()
