"""Finds the watchdog of this process, or starts one."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from typing import List, Optional

from pyfault import _native

SOCKET_VARIABLE = "PYFAULT_SOCKET"
# Options for a watchdog that is started: where it writes its reports, and how.
LOG_VARIABLE = "PYFAULT_LOG"
LOG_FORMAT_VARIABLE = "PYFAULT_LOG_FORMAT"

_START_SECONDS = 10


def connect(address: str) -> socket.socket:
    """Connects to a watchdog of root or of this user. Raises OSError.

    `address` is a value of PYFAULT_SOCKET: "@" stands for the NUL of an abstract address.
    """
    name = "\0" + address[1:] if address.startswith("@") else address
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.setblocking(False)
        connection.connect(name)
        credentials = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
        )
        _, uid, _ = struct.unpack("3i", credentials)
        if uid not in (0, os.geteuid()):
            raise PermissionError(f"{address}: its listener belongs to user {uid}")
    except BaseException:
        connection.close()
        raise
    return connection


def running() -> Optional[str]:
    """Returns the address in the environment if a watchdog listens there, else None."""
    address = os.environ.get(SOCKET_VARIABLE)
    if not address:
        return None
    try:
        connect(address).close()
    except BlockingIOError:
        return address  # its queue is full: it is there
    except (OSError, ValueError):
        return None
    return address


def start(pid: int, log: Optional[str] = None, log_format: Optional[str] = None) -> str:
    """Starts a watchdog for a process of this user, and returns its address.

    It is no child of this process, in a session of its own, and ends with the processes that it
    watches. Its reports go to `log`, else to PYFAULT_LOG, else to stderr as it is now. Takes some
    10 ms. Raises RuntimeError, with what the watchdog says, if it does not start.
    """
    words: List[str] = [_native.watchdog_path()]
    log = log or os.environ.get(LOG_VARIABLE)
    log_format = log_format or os.environ.get(LOG_FORMAT_VARIABLE)
    if log:
        words += ["--log", os.path.abspath(log)]
    if log_format:
        words += ["--log-format", log_format]
    words += ["--watch", str(pid)]
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
            stderr=subprocess.PIPE if log else None,  # otherwise the reports go there
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


def find_or_start(
    pid: int, log: Optional[str] = None, log_format: Optional[str] = None
) -> str:
    """Returns the address of the watchdog that listens already, or of one that is started."""
    return running() or start(pid, log, log_format)
