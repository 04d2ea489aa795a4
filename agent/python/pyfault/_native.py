"""Where the agent and the watchdog lie: in the package itself, beside it, or installed."""

from __future__ import annotations

import os
import shutil
from typing import Iterator

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
# Within any installation of pyfault-watchdog.
_AGENT = os.path.join("lib", "pyfault-watchdog", "libpyfault_agent.so")
_WATCHDOG = os.path.join("bin", "pyfault-watchdog")


def _above(levels: int) -> str:
    return os.path.normpath(os.path.join(_PACKAGE, *[os.pardir] * levels))


def _installations() -> Iterator[str]:
    yield os.path.join(_PACKAGE, "_native")  # a wheel's
    yield _above(3)  # that of lib/python/pyfault: a build folder's
    yield _above(4)  # that of lib/python3/dist-packages/pyfault: Debian's
    watchdog = shutil.which("pyfault-watchdog")
    if watchdog:
        yield os.path.dirname(os.path.dirname(os.path.realpath(watchdog)))


def _installation() -> str:
    """The first that has both: agent and watchdog understand each other if they were built together."""
    tried = []
    for place in _installations():
        if all(os.path.isfile(os.path.join(place, part)) for part in (_AGENT, _WATCHDOG)):
            return place
        tried.append(place)
    raise FileNotFoundError(
        f"there is no {_AGENT} with {_WATCHDOG} in {', '.join(tried)}, nor where PATH has "
        "pyfault-watchdog: reinstall pyfault"
    )


def agent_path() -> str:
    """Returns the path of the agent. Raises FileNotFoundError, which says where it was sought."""
    return os.path.join(_installation(), _AGENT)


def watchdog_path() -> str:
    """Returns the path of the watchdog. Raises FileNotFoundError like agent_path()."""
    return os.path.join(_installation(), _WATCHDOG)
