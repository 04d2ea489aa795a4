"""Requests as they are noted: the method and the path, and nothing in which secrets travel."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import Dict, Iterator, List

from pyfault._pyfault import breadcrumb
from pyfault.hooks._activities import Activities, listed

_MAX_PATH = 200


def request_line(method: str, path: str, has_query: bool) -> str:
    """`GET /path`, with "?..." for a query string, whatever it says; on one line, and not long."""
    if len(path) > _MAX_PATH:
        path = path[:_MAX_PATH] + "..."
    line = f"{method[:20]} {path}{'?...' if has_query else ''}"
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def _describe(lines: List[str]) -> Dict[str, str]:
    return {"request": lines[0]} if len(lines) == 1 else {"requests": listed(lines)}


def _describe_in_event_loop(lines: List[str]) -> Dict[str, str]:
    """That one is open does not mean that it is what the thread is at."""
    return {"requests": listed(lines)}


requests = Activities(_describe)
_in_event_loop = Activities(_describe_in_event_loop)


@contextmanager
def open_in_event_loop(line: str) -> Iterator[None]:
    """Notes a request, with the task that is at it, as long as it is open."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # it is another library's event loop
        task = None
    if task is not None:
        line += f" in {task.get_name()}"
    breadcrumb(line)
    token = _in_event_loop.begin(line)
    try:
        yield
    finally:
        _in_event_loop.end(token)
