"""What the Python package costs in one process: prints {what: ns}, each the best of some repetitions.
usage: door.py LOG

Needs pyfault on the module path. LOG is where the watchdog writes that this starts.
"""
import json
import sys
import time
import timeit

CALLS, REPETITIONS, FAULTS = 20000, 5, 20
STATEMENTS = {
    "annotate, one key": "annotate(task='resize')",
    "annotate, one key, always another value": "annotate(task=next_text())",
    "annotate, two keys": "annotate(task='resize', id=7)",
    "breadcrumb": "breadcrumb('hello world')",
    "heartbeat": "heartbeat()",
    "guard entered and left": "\nwith guard: pass",
}
SETUP = """
import itertools, pyfault
from pyfault import annotate, breadcrumb, heartbeat
next_text = itertools.cycle([str(number) for number in range(100)]).__next__
guard = pyfault.guard()
"""


def taken(function, *arguments, **options):
    begin = time.perf_counter_ns()
    function(*arguments, **options)
    return time.perf_counter_ns() - begin


def fault():
    import ctypes
    import pyfault
    begin = time.perf_counter_ns()
    try:
        with pyfault.guard():
            ctypes.string_at(8)
    except pyfault.Fault:
        return time.perf_counter_ns() - begin


def main(log):
    costs = {"import pyfault": taken(__import__, "pyfault")}
    import pyfault
    costs["enable(), a watchdog started"] = taken(pyfault.enable, log=log)
    for what, statement in STATEMENTS.items():
        costs[what] = min(timeit.repeat(statement, SETUP, number=CALLS, repeat=REPETITIONS)) / CALLS * 1e9
    costs["fault to exception"] = sorted(fault() for _ in range(FAULTS))[FAULTS // 2]
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
