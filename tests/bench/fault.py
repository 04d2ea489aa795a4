"""Forks children that fault, and times fault to death and fault to report.
usage: fault.py none|faulthandler|watched LOG THREADS ROUNDS    prints {"death": ns, "report": ns or null}

LOG is where the report goes. faulthandler writes the end of its report just before the process
dies, so its report counts as complete at the death; ours is complete when LOG has grown by it.
"""
import ctypes
import faulthandler
import json
import mmap
import os
import resource
import statistics
import struct
import sys
import threading
import time

import stacks

clock = time.monotonic_ns
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die(fault_time):
    fault_time[:8] = struct.pack("q", clock())
    ctypes.string_at(0)


def child(mode, log, threads, fault_time):
    if mode == "faulthandler":
        faulthandler.enable(open(log, "a"))
    stacks.park(threads - 1, stacks.distinct)
    stacks.distinct(lambda: die(fault_time))


def wait_for_growth(log, size, seen):
    while os.stat(log).st_size <= size:
        time.sleep(0.00002)
    seen.append(clock())


def settled_size(log):
    """Waits until the log does not grow any more: the last lines about a process may follow shortly after its death."""
    size = -1
    while size != os.stat(log).st_size:
        size = os.stat(log).st_size
        time.sleep(0.05)
    return size


def one_round(mode, log, threads, fault_time):
    size, seen = settled_size(log) if mode == "watched" else 0, []
    pid = os.fork()
    if pid == 0:
        child(mode, log, threads, fault_time)
    watcher = threading.Thread(target=wait_for_growth, args=(log, size, seen))
    if mode == "watched":
        watcher.start()
    os.waitpid(pid, 0)
    died = clock()
    if mode == "watched":
        watcher.join()
    fault = struct.unpack("q", fault_time[:8])[0]
    return died - fault, (seen or [died])[0] - fault


def main(mode, log, threads, rounds):
    open(log, "a").close()
    fault_time = mmap.mmap(-1, 4096)
    deaths, reports = zip(*(one_round(mode, log, threads, fault_time) for _ in range(rounds)))
    print(json.dumps({"death": statistics.median(deaths),
                      "report": None if mode == "none" else statistics.median(reports)}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
