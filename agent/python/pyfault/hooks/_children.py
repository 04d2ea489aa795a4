"""Which crash a child process had, for the hooks that tell its parent.

Nothing here raises an Exception: who asks is a thread that must end or mend its pool in any case.
"""

from __future__ import annotations

from datetime import datetime, timezone
from multiprocessing import connection
from typing import Any, Callable, List, Optional

from pyfault._remote_crash import RemoteCrash
from pyfault.crashes import Crash, last_crashes

# The end of a process closes its sentinel shortly before waitpid() knows.
_SECONDS_TO_BECOME_ZOMBIE = 1.0


def is_of(crash: Crash, exitcode: Optional[int], started: Optional[float]) -> bool:
    """Whether the crash is that of a child that ended so, and not of an earlier process.

    `started`: when the child was started, or a little before then, in seconds since the epoch. If
    that is not known, the child must have died of the crash's signal.
    """
    if exitcode == 0 or crash.became_exception:
        return False
    if started is None:
        return exitcode is None or exitcode == -crash.signal.number
    return crash.time >= datetime.fromtimestamp(started, timezone.utc)


def remote_crash(
    pid: Optional[int], exitcode: Optional[int], started: Optional[float] = None
) -> RemoteCrash:
    """Waits for the watchdog for up to a second."""
    try:
        crash = last_crashes([pid]).get(pid) if pid is not None else None
        if crash is not None and not is_of(crash, exitcode, started):
            crash = None
    except Exception:
        crash = None
    return RemoteCrash(pid, exitcode, crash)


def first_lost(processes: Callable[[], Any]) -> Optional[RemoteCrash]:
    """The first of these multiprocessing.Processes to crash, else one that ended with an error.

    None if all are alive or ended in peace, or that is not known.
    """
    try:
        return _first_lost(list(processes()))
    except Exception:
        return None


def _first_lost(everyone: List[Any]) -> Optional[RemoteCrash]:
    ended = []
    sentinels = connection.wait([process.sentinel for process in everyone], timeout=0)
    for process in everyone:
        if process.sentinel in sentinels:
            process.join(_SECONDS_TO_BECOME_ZOMBIE)
        if process.exitcode:
            ended.append(process)
    crashes = last_crashes([process.pid for process in ended]) if ended else {}
    lost = []
    for process in ended:
        crash = crashes.get(process.pid)
        started = getattr(process, "_pyfault_started", None)
        if crash is not None and not is_of(crash, process.exitcode, started):
            crash = None
        lost.append(RemoteCrash(process.pid, process.exitcode, crash))
    return min(lost, key=_time_of_crash) if lost else None


def _time_of_crash(lost: RemoteCrash) -> datetime:
    never = datetime.max.replace(tzinfo=timezone.utc)
    return lost.crash.time if lost.crash is not None else never
