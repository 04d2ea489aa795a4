"""Where the agent and the watchdog lie: in the package itself, beside it, or installed."""

from __future__ import annotations

import os
import shutil
from typing import Iterator, Optional

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_AGENT = "libpyfault_agent.so"
_WATCHDOG = "pyfault-watchdog"


def _installed() -> Optional[str]:
    found = shutil.which(_WATCHDOG)
    return os.path.realpath(found) if found else None


def _agents() -> Iterator[str]:
    yield os.path.join(_PACKAGE, "_native", _AGENT)
    yield os.path.join(_PACKAGE, "..", "..", _WATCHDOG, _AGENT)
    watchdog = _installed()
    if watchdog:
        yield os.path.join(os.path.dirname(watchdog), "..", "lib", _WATCHDOG, _AGENT)


def _watchdogs() -> Iterator[str]:
    yield os.path.join(_PACKAGE, "_native", _WATCHDOG)
    yield os.path.join(_PACKAGE, "..", "..", "..", "bin", _WATCHDOG)
    watchdog = _installed()
    if watchdog:
        yield watchdog


def agent_path() -> str:
    """Returns the path of the agent. Raises FileNotFoundError, which says where it was sought."""
    return _first(_agents(), "the agent", _AGENT)


def watchdog_path() -> str:
    """Returns the path of the watchdog. Raises FileNotFoundError like agent_path()."""
    return _first(_watchdogs(), "the watchdog", _WATCHDOG)


def _first(places: Iterator[str], what: str, name: str) -> str:
    tried = []
    for place in places:
        path = os.path.normpath(place)
        if os.path.isfile(path):
            return path
        tried.append(path)
    raise FileNotFoundError(
        f"{what}, {name}, is not in {', '.join(tried)}, nor on PATH: reinstall pyfault"
    )
