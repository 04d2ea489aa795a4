"""Forks children that fault at once, 16 at a time, and reads how much memory its parent, the watchdog, took.
usage: storm.py CRASHES    prints {"rate": crashes/s, "peak": bytes}
"""
import ctypes
import json
import os
import resource
import sys
import time

import watchdog_status

AT_A_TIME = 16


def crash():
    if os.fork() == 0:
        ctypes.string_at(0)


def main(crashes):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    began = time.monotonic()
    for started in range(crashes):
        if started >= AT_A_TIME:
            os.wait()
        crash()
    for _ in range(min(crashes, AT_A_TIME)):
        os.wait()
    print(json.dumps({"rate": crashes / (time.monotonic() - began), "peak": watchdog_status.bytes_of("VmHWM")}))


main(int(sys.argv[1]))
