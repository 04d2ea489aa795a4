"""Finds the watchdog of this process, or starts one."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
import sys
from typing import List, Optional

from pyfault import _native

SOCKET_VARIABLE = "PYFAULT_SOCKET"
# Options for a watchdog that is started: where it writes its reports, and how.
LOG_VARIABLE = "PYFAULT_LOG"
LOG_FORMAT_VARIABLE = "PYFAULT_LOG_FORMAT"

_START_SECONDS = 10
_STDERR = 2

_CREDENTIALS = struct.Struct("=iII")

_address: Optional[str] = None  # of the watchdog that pyfault.enable() has found or started
_reports_get_lost = False  # those of the watchdog that start() has started


def use(address: str) -> None:
    """This process is watched by the watchdog at this address."""
    global _address
    _address = address


def used() -> Optional[str]:
    """Returns what use() was told last, if anything."""
    return _address


def address() -> Optional[str]:
    """Returns the address of this process's watchdog, if it has one."""
    return _address or os.environ.get(SOCKET_VARIABLE) or None


def reports_get_lost() -> bool:
    """Whether the watchdog writes its reports to a pipe that only this process reads."""
    return _reports_get_lost


def connect(address: str, timeout: float = 0) -> socket.socket:
    """Connects to a watchdog of root or of this user: a stranger could answer with anything.

    `address` is a value of PYFAULT_SOCKET. Waits up to `timeout` seconds if the listener's queue is
    full. Raises OSError.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(timeout)
        _connect_to_any(connection, _names(address))
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(peer)
        if uid not in (0, os.geteuid()):
            raise PermissionError(f"{address}: its listener belongs to user {uid}")
    except BaseException:
        connection.close()
        raise
    return connection


def _names(address: str) -> List[str]:
    """Where the watchdog may listen: "@" stands for the NUL of an abstract address.

    Beside "@/path" there is a socket file, for processes in another network namespace.
    """
    if not address.startswith("@"):
        return [address]
    abstract, file = "\0" + address[1:], address[1:]
    return [abstract, file] if file.startswith("/") else [abstract]


def _connect_to_any(connection: socket.socket, names: List[str]) -> None:
    for name in names[:-1]:
        try:
            return connection.connect(name)
        except ConnectionRefusedError:
            pass
    connection.connect(names[-1])


def _listens(address: str) -> bool:
    """Does not wait."""
    try:
        connect(address).close()
    except BlockingIOError:
        return True  # its queue is full: it is there
    except (OSError, ValueError):
        return False
    return True


def running() -> Optional[str]:
    """Returns the address in the environment if a watchdog listens there, else None."""
    address = os.environ.get(SOCKET_VARIABLE)
    return address if address and _listens(address) else None


def of_service() -> Optional[str]:
    """Returns the address at which the service of this user takes guests, else root's, else None.

    Does not wait: what a service that is gone has left behind refuses at once.
    """
    user = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    for directory in (user, "/run"):
        try:  # watchdog/service/guest_link.h
            address = os.readlink(os.path.join(directory, "pyfault-watchdog", "guests"))
        except (OSError, ValueError):
            continue
        if _listens(address):
            return address
    return None


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
) -> str:
    """Returns the address of a watchdog that listens already, or of one that is started.

    A service has logs of its own. So who says where reports go, or in which format, gets a watchdog
    of its own, unless the environment names one.
    """
    found = running()
    wishes = (log, log_format, os.environ.get(LOG_VARIABLE), os.environ.get(LOG_FORMAT_VARIABLE))
    if not found and not any(wishes):
        found = of_service()
    return found or start(pid, log, log_format)
