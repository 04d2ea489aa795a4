"""Connects to a watchdog."""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import List

_CREDENTIALS = struct.Struct("=iII")
# The kernel does not say when there is room in the queue of a listener.
_SECONDS_BETWEEN_TRIES = 0.01


def connect(address: str, timeout: float = 0) -> socket.socket:
    """Connects to a watchdog of root or of this user: a stranger could answer with anything.

    `address` is a value of PYFAULT_SOCKET. Waits up to `timeout` seconds if the listener's queue is
    full, and raises BlockingIOError if it still is. Raises OSError.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(timeout)
        _connect_by(time.monotonic() + timeout, connection, _names(address))
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


def _connect_by(deadline: float, connection: socket.socket, names: List[str]) -> None:
    while True:
        try:
            return _connect_to_any(connection, names)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_SECONDS_BETWEEN_TRIES)


def _connect_to_any(connection: socket.socket, names: List[str]) -> None:
    for name in names[:-1]:
        try:
            return connection.connect(name)
        except ConnectionRefusedError:
            pass
    connection.connect(names[-1])
