"""Finds the watchdog of this process, or starts one."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from typing import Dict, Iterator, List, NamedTuple, Optional

from pyfault import _native, _question

SOCKET_VARIABLE = "PYFAULT_SOCKET"
# Options for a watchdog that is started: where it writes its reports, and how.
LOG_VARIABLE = "PYFAULT_LOG"
LOG_FORMAT_VARIABLE = "PYFAULT_LOG_FORMAT"
# Why the watchdog of PYFAULT_SOCKET is not another one: its address, a space, and a sentence.
REASON_VARIABLE = "PYFAULT_SOCKET_REASON"

_START_SECONDS = 10
_STDERR = 2


class Found(NamedTuple):
    """The watchdog that is used for a process."""

    address: str
    full: Dict[str, str] = {}
    """Those that would have been used, but have no room: their addresses, and why."""

    def is_as_named(self) -> bool:
        """False if PYFAULT_SOCKET names one that has no room."""
        return os.environ.get(SOCKET_VARIABLE) not in self.full

    def reason(self) -> str:
        """Returns why it is this watchdog, in a sentence: empty if there was no better one."""
        if not self.full:
            return ""
        others = " and ".join(
            f"that at {each} has no room ({why})" for each, why in self.full.items()
        )
        return f"its watchdog is at {self.address}, for {others}"


_found: Optional[Found] = None  # by pyfault.enable()
_reports_get_lost = False  # those of the watchdog that start() has started


def use(found: Found) -> None:
    """This process is watched by this watchdog."""
    global _found
    _found = found


def used() -> Optional[Found]:
    """Returns what use() was told last, if anything."""
    return _found


def pass_on(found: Found) -> None:
    """What this process executes from now on, and its child processes, use this watchdog too."""
    if found.full:
        os.environ[REASON_VARIABLE] = f"{found.address} {found.reason()}"
    os.environ[SOCKET_VARIABLE] = found.address


def reason() -> str:
    """Returns Found.reason() of this process's watchdog."""
    if _found:
        return _found.reason()
    of, _, text = os.environ.get(REASON_VARIABLE, "").partition(" ")
    return text if of == address() else ""


def address() -> Optional[str]:
    """Returns the address of this process's watchdog, if it has one."""
    return (_found.address if _found else os.environ.get(SOCKET_VARIABLE)) or None


def reports_get_lost() -> bool:
    """Whether the watchdog writes its reports to a pipe that only this process reads."""
    return _reports_get_lost


def start(pid: int, log: Optional[str] = None, log_format: Optional[str] = None) -> str:
    """Starts a watchdog for a process of this user, and returns its address.

    It is no child of this process, in a session of its own, and ends with the processes that it
    watches. Its reports go to `log`, else to PYFAULT_LOG, else to stderr as it is now. Takes some
    10 ms. Raises RuntimeError, with what the watchdog says, if it does not start.
    """
    global _reports_get_lost
    import subprocess  # a program that finds its watchdog need not wait for it

    words: List[str] = [_native.watchdog_path()]
    log = log or os.environ.get(LOG_VARIABLE)
    log_format = log_format or os.environ.get(LOG_FORMAT_VARIABLE)
    if log:
        words += ["--log", os.path.abspath(log)]
    if log_format:
        words += ["--log-format", log_format]
    words += ["--watch", str(pid)]
    stderr = None if log else _stderr_that_lasts()
    _reports_get_lost = not log and _is_read_here(_STDERR if stderr is None else stderr)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("LD_PRELOAD", SOCKET_VARIABLE)
    }
    try:
        result = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log else stderr,  # the reports go there
            env=environment,
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"the watchdog does not start: {error}") from error
    address = os.fsdecode(result.stdout).strip()
    if result.returncode != 0 or not address:
        reason = os.fsdecode(result.stderr or b"").strip() or (
            f"{words[0]} ended with {result.returncode}; stderr says why"
        )
        raise RuntimeError(f"the watchdog does not start: {reason}")
    return address


def _stderr_that_lasts() -> Optional[int]:
    """Returns the descriptor of stderr for a watchdog; None if it is to inherit this process's.

    The kernel of a notebook replaces it with a pipe that the kernel itself reads, so the report of
    the kernel's own death would be lost. Its sys.stderr still knows the descriptor from before.
    """
    if not _is_read_here(_STDERR):
        return None
    try:
        before = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # None, or has no descriptor, or is closed
        return None
    return None if before == _STDERR or _is_read_here(before) else before


def _is_read_here(descriptor: int) -> bool:
    """Whether the descriptor is a pipe, and this process has the end that is read."""
    try:
        pipe = os.fstat(descriptor)
    except OSError:
        return False
    return stat.S_ISFIFO(pipe.st_mode) and any(
        _is_reader(int(name), pipe) for name in os.listdir("/proc/self/fd")
    )


def _is_reader(descriptor: int, pipe: os.stat_result) -> bool:
    try:
        is_same = os.path.samestat(os.fstat(descriptor), pipe)
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:  # it was that of /proc/self/fd
        return False
    return is_same and mode == os.O_RDONLY


def find_or_start(
    pid: int, log: Optional[str] = None, log_format: Optional[str] = None
) -> Found:
    """Returns a watchdog that listens already and keeps room for this process, or one that is
    started.

    A service has logs of its own. So who says where reports go, or in which format, gets a watchdog
    of its own, unless the environment names one.
    """
    wishes = (log, log_format, os.environ.get(LOG_VARIABLE), os.environ.get(LOG_FORMAT_VARIABLE))
    full: Dict[str, str] = {}
    for place in _places(with_services=not any(wishes)):
        try:
            why = _question.why_no_room(place)
        except (OSError, ValueError):
            continue  # none listens there
        if why is None:
            return Found(place, full)
        full[place] = why
    return Found(start(pid, log, log_format), full)


def _places(with_services: bool) -> Iterator[str]:
    """The addresses at which a watchdog for this process may listen, the best first."""
    named = os.environ.get(SOCKET_VARIABLE)
    if named:
        yield named
    if not with_services:
        return
    user = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    for directory in (user, "/run"):
        try:  # watchdog/service/guest_link.h
            yield os.readlink(os.path.join(directory, "pyfault-watchdog", "guests"))
        except (OSError, ValueError):
            pass


def at(place: str) -> Found:
    """Returns the watchdog at the address. Raises RuntimeError if it has no room for this process."""
    try:
        why = _question.why_no_room(place)
    except (OSError, ValueError):
        why = None  # the agent will tell that none listens there
    if why is not None:
        raise RuntimeError(f"there is no room at {place}: {why}")
    return Found(place)
