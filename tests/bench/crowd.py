"""Starts interpreters that do nothing, and reads how much memory its parent, the watchdog, takes with them attached,
and how often it wakes up for nothing.
usage: crowd.py PROCESSES    prints {"resident": bytes, "wake_ups": in 5 s}
"""
import json
import subprocess
import sys
import time

import watchdog_status

IDLE_SECONDS = 5


def start():
    program = "print(flush=True); input()"
    return subprocess.Popen([sys.executable, "-S", "-E", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)


def main(count):
    crowd = [start() for _ in range(count)]
    for process in crowd:
        process.stdout.readline()
    time.sleep(3)  # until the last deadline of a handshake (2 s) has passed
    before = watchdog_status.wake_ups()
    time.sleep(IDLE_SECONDS)
    print(json.dumps({"resident": watchdog_status.bytes_of("VmRSS"), "wake_ups": watchdog_status.wake_ups() - before}))
    for process in crowd:
        process.stdin.close()
        process.wait()


main(int(sys.argv[1]))
