"""Times pyfault_dump() beside faulthandler.dump_traceback() to an open file, in one process.
usage, under pyfault-watchdog: capture.py THREADS distinct|recursion ROUNDS CHASE

Each round pauses and then takes two dumps in a row: the first finds caches and memory cold, as a crash does.
The library CHASE (built from chase.cc), which only follows the frames, is measured in the same way.
Prints {"ours": [first ns, second ns], "faulthandler": [first ns, second ns], "chase": [first ns, second ns]}.
"""
import ctypes
import faulthandler
import json
import statistics
import sys
import tempfile
import time

import stacks

clock = time.perf_counter_ns
warm = ctypes.PyDLL(None).getpid


def timed(call):
    began = clock()
    result = call()
    return clock() - began, result


def two_in_a_row(call, expected):
    """Returns None if a call failed: with a full ring it returns at once, and that must not be measured."""
    time.sleep(0.02)  # lets the watchdog finish the last records, so that it does not compete for a core
    for _ in range(10):
        warm()  # excludes the cost of a ctypes call and of an idle processor
    pairs = timed(call), timed(call)
    return [elapsed for elapsed, _ in pairs] if all(result == expected for _, result in pairs) else None


def successful(call, expected):
    for _ in range(100):
        pair = two_in_a_row(call, expected)
        if pair:
            return pair
    sys.exit("capture.py: pyfault_dump() keeps failing")


def chase_two_in_a_row(library):
    frames = ctypes.c_long()
    time.sleep(0.02)
    for _ in range(10):
        warm()
    return [library.pyfault_chase(ctypes.byref(frames)) for _ in range(2)]


def medians(pairs):
    return [statistics.median(column) for column in zip(*pairs)]


def main(threads, shape, rounds, chase):
    descend = getattr(stacks, shape)
    dump = ctypes.PyDLL(None).pyfault_dump
    library = ctypes.PyDLL(chase)
    library.pyfault_chase.restype = ctypes.c_long
    stacks.park(threads - 1, descend)
    ours, theirs, chases = [], [], []

    def measure():
        with tempfile.TemporaryFile() as file:
            for _ in range(rounds):
                ours.append(successful(dump, 0))
                theirs.append(successful(lambda: faulthandler.dump_traceback(file=file), None))
                chases.append(chase_two_in_a_row(library))

    descend(measure)
    print(json.dumps({"ours": medians(ours), "faulthandler": medians(theirs), "chase": medians(chases)}))


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
