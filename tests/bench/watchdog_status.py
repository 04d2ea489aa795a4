"""What the kernel says about the watchdog of this program, which is its parent."""
import os


def field(name):
    with open(f"/proc/{os.getppid()}/status") as file:
        return int(next(line for line in file if line.startswith(name + ":")).split()[1])


def bytes_of(name):
    return field(name) * 1024


def wake_ups():
    return field("voluntary_ctxt_switches")
