"""enable() and its siblings: this process is watched, or no longer."""

from __future__ import annotations

import os
from threading import RLock
from typing import List, NamedTuple, Optional, Tuple

from pyfault import _native, _pyfault, _watchdog

# Results of pyfault_enable() in agent/pyfault.h.
_PROBLEMS = {
    1: "there is no CPython in this process that the agent could find",
    2: "the address of the watchdog is missing, or too long",
    3: "the agent does not know this version of CPython",
    4: "no watchdog of root or of this user listens there",
    5: "there is not enough memory",
}

# Held by who enables. A signal handler may enable in the middle of that.
_lock = RLock()
# The log and the format that the watchdog was found or started with.
_options: Tuple[Optional[str], Optional[str]] = (None, None)
# Whether it is only pyfault.faulthandler that wants this process to be watched.
_for_faulthandler = False


def _forget_holder() -> None:
    global _lock
    _lock = RLock()


os.register_at_fork(after_in_child=_forget_holder)


class Unwatched(RuntimeError):
    """This process cannot be watched; the text says why."""


class Status(NamedTuple):
    """What is watched in this process."""

    enabled: bool
    """Crashes are recorded."""
    attached: bool
    """A watchdog reads what is recorded, or will as soon as it gets to it."""
    socket: Optional[str]
    """The watchdog's address, as in PYFAULT_SOCKET."""
    preloaded: bool
    """The agent was there before the interpreter (`python -m pyfault`, LD_PRELOAD)."""
    threads: int
    """The threads of this process."""
    threads_without_stack: int
    """Threads for which the agent could set no alternate stack: their stack overflow leaves no
    traceback."""
    missing: List[str]
    """What is not watched, or not by the watchdog that would be usual, and why: a sentence each."""


def enable(
    socket: Optional[str] = None,
    *,
    log: Optional[str] = None,
    log_format: Optional[str] = None,
) -> None:
    """Watches this process from now on, its present and future threads and the children it forks.

    `socket`: the address of a watchdog (a value of PYFAULT_SOCKET). Without it, the watchdog in the
    environment is used. If none listens there, or it has no room for another process, and neither a
    log nor a format is asked for, the service of this user or of root is used, if one is running,
    takes guests and has room; its logs have the reports. Else a watchdog is started, which is no
    child of this process, ends with it, and writes its reports to `log` (default: PYFAULT_LOG, else
    stderr as it is now; in a notebook, that of the kernel before it was captured) in `log_format`
    (default: PYFAULT_LOG_FORMAT, else "text"; or "json", "faulthandler"). Needs no file descriptor
    of this process.

    Existing threads are interrupted once by a real-time signal, to get an alternate stack each; a
    system call in which they wait may be repeated. What status() lists as missing is covered by
    `python -m pyfault`, which is there before the first line of the program. Programs that this
    process executes are not watched.

    Does nothing if the process is watched already. After disable() it is watched by the same
    watchdog again. Raises Unwatched, with the reason, if it cannot be watched; so it does if the
    watchdog at `socket` has no room, and after disable() if the watchdog is not that at `socket`, or
    was asked for another log or format. Takes some 20 ms if a watchdog is started, else 1 ms; up to
    a second longer for each watchdog that is there and hangs. For any thread, of which one waits for
    the other; not in signal handlers of C.
    """
    global _for_faulthandler
    with _lock:
        _enable(socket, log, log_format)
        _for_faulthandler = False


def enable_for_faulthandler() -> None:
    """What pyfault.faulthandler.enable() does: as enable()."""
    global _for_faulthandler
    with _lock:
        if not is_enabled():
            _enable(None, None, None)
            _for_faulthandler = True


def disable_for_faulthandler() -> None:
    """What pyfault.faulthandler.disable() does: disable(), unless enable() was called as well."""
    if _for_faulthandler:
        disable()


def _enable(socket: Optional[str], log: Optional[str], log_format: Optional[str]) -> None:
    global _options
    already = _status_now()
    if already.enabled:
        return
    used = _watchdog.used()
    before = used.address if used else None
    if (used or already.preloaded) and _pyfault.enable(before) == 0:
        # It has been watched before, and its watchdog is still the same.
        for wish, present in zip((socket, log, log_format), (_watchdog.address(), *_options)):
            if wish and wish != present:
                _pyfault.disable()
                raise Unwatched(
                    f"{wish} comes too late: this process stays with its watchdog, that at "
                    f"{_watchdog.address()}"
                )
        return
    try:
        _pyfault.load(_native.agent_path())
        found = (
            _watchdog.at(socket) if socket else _watchdog.find_or_start(os.getpid(), log, log_format)
        )
    except (OSError, RuntimeError) as error:
        raise Unwatched(str(error)) from error
    result = _pyfault.enable(found.address)
    if result != 0:
        raise Unwatched(f"{_PROBLEMS.get(result, f'error {result}')} ({found.address})")
    _watchdog.use(found)
    _options = log, log_format


def disable() -> bool:
    """Watches this process no longer; returns whether it was watched.

    A fault then takes the way that it would take without pyfault. The watchdog still reports how
    the process ends. enable() watches it again.
    """
    global _for_faulthandler
    _for_faulthandler = False
    return _pyfault.disable()


def is_enabled() -> bool:
    """Returns whether crashes of this process are recorded."""
    return _status_now().enabled


def status() -> Status:
    """Returns what of this process is watched, and what is not and why. Takes a few microseconds."""
    return _status_now()


def dump() -> bool:
    """Records the stacks of all threads as a `dump` event, and goes on.

    Returns whether that was possible: not without a watchdog, or while a crash or another dump is
    recorded. Takes some 0.1 ms for a few threads; with native stacks it waits until the watchdog
    has looked at the threads, at most half a second. Other threads may run meanwhile. For any
    thread; not in signal handlers.
    """
    return _pyfault.dump()


def _status_now() -> Status:
    has_agent, enabled, attached, preloaded, threads, without = _pyfault.status()
    missing = []
    if not has_agent:
        missing.append("nothing is watched: pyfault.enable() has not been called")
    elif not enabled:
        missing.append("crashes are not recorded: pyfault is disabled, or was never enabled")
    if enabled and not attached:
        missing.append("reports wait until a watchdog listens again")
    if enabled and _watchdog.reason():
        missing.append(_watchdog.reason())
    if enabled and without:
        missing.append(
            f"{without} thread{'s have' if without > 1 else ' has'} no alternate stack from the "
            "agent: a stack overflow there leaves no traceback"
        )
    if enabled and not preloaded:
        missing.append(
            "libraries that are loaded from now on start threads and set signal handlers past the "
            "agent, and executed programs are not watched: python -m pyfault covers both"
        )
    if enabled and _watchdog.reports_get_lost():
        missing.append(
            "stderr is a pipe that only this process reads, so the report of its end gets lost: "
            "enable(log=FILE) or PYFAULT_LOG names a file"
        )
    return Status(
        enabled=bool(enabled),
        attached=bool(attached),
        socket=_watchdog.address() if enabled else None,
        preloaded=bool(preloaded),
        threads=threads,
        threads_without_stack=without,
        missing=missing,
    )
