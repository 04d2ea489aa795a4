"""Ends a run of pytest in which a test takes too long: a process of its own, run by pytest_plugin.

    python _test_timer.py PID SECONDS

Reads on stdin the name of each test as it begins, and an empty line when it is done. When a test
takes longer, it is named on stderr, and PID and all its descendants get SIGABRT, so that their
watchdog reports what they were doing. Those that this does not end get SIGKILL.

It is no child of PID, and ends with it.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from typing import Dict, List, Optional, Tuple

# How often it looks whether PID is still there; the end of the pipe may be open elsewhere.
_LOOK_SECONDS = 5.0
# For reports and core dumps.
_DEATH_SECONDS = 10.0


def _stat(pid: int) -> Optional[Tuple[int, str]]:
    """The parent of a process, and when it started; None if it is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            state, parent, *rest = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if state in (b"Z", b"X") else (int(parent), rest[17].decode())


def _is_same(one: Optional[Tuple[int, str]], other: Optional[Tuple[int, str]]) -> bool:
    return one is not None and other is not None and one[1] == other[1]


def _descendants(pid: int) -> List[int]:
    """Children come before their parents."""
    children: Dict[int, List[int]] = {}
    for name in os.listdir("/proc"):
        stat = _stat(int(name)) if name.isdigit() else None
        if stat is not None and int(name) != os.getpid():
            children.setdefault(stat[0], []).append(int(name))
    found: List[int] = []
    new = [pid]
    while new:
        new = [child for parent in new for child in children.get(parent, [])]
        found = new + found
    return found


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:  # it is gone, or of another user
        pass


def _end(pid: int, test: str, seconds: float) -> None:
    below = _descendants(pid)
    who = f"process {pid} and those below it ({', '.join(map(str, below))})" if below else (
        f"process {pid}"
    )
    sys.stderr.write(
        f"\n\npyfault: {test} has taken longer than {seconds:g} s. SIGABRT ends {who}.\n"
    )
    sys.stderr.flush()
    started = {each: _stat(each) for each in [*below, pid]}
    for each in started:
        _send(each, signal.SIGABRT)
    deadline = time.monotonic() + _DEATH_SECONDS
    while any(map(_stat, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for each, stat in started.items():
        if _is_same(_stat(each), stat):
            _send(each, signal.SIGKILL)


def _wait(pid: int, seconds: float) -> None:
    start = _stat(pid)
    unread = b""
    test = ""
    deadline: Optional[float] = None
    while start is not None:
        left = _LOOK_SECONDS if deadline is None else max(deadline - time.monotonic(), 0)
        if select.select([0], [], [], min(left, _LOOK_SECONDS))[0]:
            data = os.read(0, 65536)
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                test = line.decode("utf-8", "replace")
                deadline = time.monotonic() + seconds if test else None
        elif not _is_same(_stat(pid), start):
            return
        elif deadline is not None and time.monotonic() >= deadline:
            _end(pid, test, seconds)
            return


def main() -> None:
    pid, seconds = int(sys.argv[1]), float(sys.argv[2])
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    _wait(pid, seconds)


if __name__ == "__main__":
    main()
