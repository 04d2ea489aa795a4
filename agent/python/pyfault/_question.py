"""Asks a watchdog which crash a process had, and whether it has room: the client of
shared/question.h, in pure Python.

Nothing here raises because of what the watchdog is or does: without an answer there are no crashes.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from pyfault import _connection

# These repeat shared/question.h.
_QUESTION_MAGIC = 0x51465950  # "PYFQ"
_ANSWER_MAGIC = 0x52465950  # "PYFR"
_PROTOCOL = 1
_CRASHES_OF = 1
_LAST_CRASH = 2
_ROOM = 3
_EVENT = 1
_REPORT = 2
_END = 3
_NO_ROOM = 6
_MAX_PIDS = 256
_MAX_WAIT_MS = 10_000
_MAX_PACKET = 32 * 1024
_MAX_DOCUMENT = 8 * 1024 * 1024

_QUESTION = struct.Struct("=IHHII")
_HEAD = struct.Struct("=IHHiI")

_MAX_PID = 2**31 - 1
# The watchdog answers when the wait is over. Its answer needs some time, too.
_TIME_FOR_ANSWER = 0.5
# A start is delayed by this if the watchdog hangs.
_TIME_FOR_ROOM = 1.0


class Answer(NamedTuple):
    """A crash: the process's number, the event of the log in JSON, and the report in text."""

    pid: int
    event: Dict[str, Any]
    report: str


def ask_for(address: Optional[str], pids: Sequence[int], wait: float) -> Iterator[Answer]:
    """The last crash of each of these processes that had one. Raises ValueError for a bad pid.

    `address`: of the watchdog; None: there is none.
    """
    numbers = list(dict.fromkeys(pids))
    if not all(0 < pid <= _MAX_PID for pid in numbers):
        raise ValueError("a process number must be positive")
    deadline = time.monotonic() + wait
    for first in range(0, len(numbers), _MAX_PIDS):
        part = numbers[first : first + _MAX_PIDS]
        yield from _ask(address, _CRASHES_OF, part, max(0, deadline - time.monotonic()))


def ask_for_last(address: Optional[str], wait: float) -> Iterator[Answer]:
    """The last crash of all that the watchdog remembers."""
    return _ask(address, _LAST_CRASH, [], wait)


def why_no_room(address: str) -> Optional[str]:
    """Asks the watchdog to keep room for this process for some seconds, and returns why it has none.

    None: it has, or it does not tell, because it is older than this question, or hangs. Raises
    OSError or ValueError if none listens there.
    """
    deadline = time.monotonic() + _TIME_FOR_ROOM
    try:
        connection = _connection.connect(address, _TIME_FOR_ROOM)
    except BlockingIOError:
        return None  # its queue is full: it is there
    with connection:
        try:
            connection.send(_QUESTION.pack(_QUESTION_MAGIC, _PROTOCOL, _ROOM, 0, 0))
            kind, _, reason = _receive_document(connection, deadline)
        except (OSError, ValueError, struct.error):
            return None
    return reason.decode("utf-8", "replace") if kind == _NO_ROOM else None


def _ask(
    address: Optional[str], kind: int, pids: Sequence[int], wait: float
) -> Iterator[Answer]:
    if address is None:
        return
    wait_ms = int(min(max(0, wait * 1000), _MAX_WAIT_MS))  # 0 if it is not a number
    question = _QUESTION.pack(_QUESTION_MAGIC, _PROTOCOL, kind, wait_ms, len(pids))
    question += struct.pack("=%di" % len(pids), *pids)
    deadline = time.monotonic() + wait_ms / 1000 + _TIME_FOR_ANSWER
    try:
        with _connection.connect(address, max(deadline - time.monotonic(), 0.001)) as connection:
            connection.send(question)
            yield from _answers(connection, deadline)
    except (OSError, ValueError, struct.error):
        return


def _answers(connection: socket.socket, deadline: float) -> Iterator[Answer]:
    """Each crash is an event and then a report, each in one packet or several."""
    import json  # who asks for room need not wait for it

    event: Optional[Dict[str, Any]] = None
    while True:
        kind, pid, document = _receive_document(connection, deadline)
        if kind == _EVENT:
            event = json.loads(document)
        elif kind == _REPORT and event is not None:
            yield Answer(pid, event, document.decode("utf-8", "replace"))
            event = None
        elif kind == _END:
            return
        else:
            raise ValueError("the watchdog refuses, or hung up")


def _receive_document(connection: socket.socket, deadline: float) -> Tuple[int, int, bytes]:
    document = bytearray()
    while True:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        packet = connection.recv(_MAX_PACKET)
        magic, protocol, kind, pid, left = _HEAD.unpack_from(packet)
        if magic != _ANSWER_MAGIC or protocol != _PROTOCOL or left > _MAX_DOCUMENT:
            raise ValueError("this is no answer of this protocol")
        document += packet[_HEAD.size :]
        if left == 0:
            return kind, pid, bytes(document)
        if len(document) > _MAX_DOCUMENT:
            raise ValueError("the answer is too long")
