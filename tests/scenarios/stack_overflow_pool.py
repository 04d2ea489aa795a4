# The C stack of a pool's thread overflows.
#
# Expect: SIGSEGV
# Frames: work <- ... <- _worker <- Thread.run <- Thread._bootstrap_inner <- Thread._bootstrap
# Threads: 2
# Faulthandler: nothing
import concurrent.futures

from helpers import machine_code

overflow = machine_code.function(machine_code.STACK_OVERFLOW)


def work():
    overflow()


with concurrent.futures.ThreadPoolExecutor(max_workers=1) as executor:
    executor.submit(work).result()
