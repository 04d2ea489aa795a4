"""What pyfault.pth imports in every Python that has the package, if PYFAULT=1 is in the environment.

The program runs on if it cannot be watched, or not by the watchdog that PYFAULT_SOCKET names: one
line on stderr says why. Child processes that are new interpreters use the same watchdog, so that
their parent can ask it why they died.
"""

from __future__ import annotations

import sys

from pyfault import _command_line, _door, _watchdog
from pyfault._stderr import say


def _is_door() -> bool:
    """Whether this is `python -m pyfault`, which finds a watchdog by options of its own."""
    runs_module = getattr(sys, "argv", [])[:1] == ["-m"]
    return runs_module and _command_line.words_before_module("pyfault") is not None


def _enable() -> None:
    try:
        _door.enable()
    except _door.Unwatched as error:
        say(f"pyfault: this process is not watched: {error}")
    used = _watchdog.used()
    if used is None:
        return
    if not used.is_as_named():
        say(f"pyfault: {used.reason()}")
    _watchdog.pass_on(used)


if not _is_door():
    _enable()
