"""Times a wake-up of the watchdog: from a write to its pipe, as the signal handler makes it, until the watchdog has
read what was written. usage, under pyfault-watchdog: wake_up.py ROUNDS    prints {"wake_up": median ns}
"""
import array
import fcntl
import json
import os
import statistics
import sys
import termios
import time

clock = time.perf_counter_ns


def unread(pipe):
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def wake_up(pipe):
    time.sleep(0.02)  # the watchdog sleeps again
    began = clock()
    os.write(pipe, bytes(8))  # names a ring that is not there
    while unread(pipe):
        os.sched_yield()  # a process that crashes waits too
    return clock() - began


def main(rounds):
    pipe = os.open(os.environ["PYFAULT_SOCKET"].lstrip("@") + ".wake", os.O_WRONLY | os.O_NONBLOCK)
    wake_up(pipe)  # warm
    print(json.dumps({"wake_up": statistics.median(wake_up(pipe) for _ in range(rounds))}))


main(int(sys.argv[1]))
