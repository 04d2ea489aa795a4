"""What pyfault.pth imports in every Python that has the package, if PYFAULT=1 is in the environment.

The program runs on if it cannot be watched, or not by the watchdog that PYFAULT_SOCKET names: one
line on stderr says why.
"""

from __future__ import annotations

from pyfault import _door, _watchdog
from pyfault._stderr import say

try:
    _door.enable()
except _door.Unwatched as error:
    say(f"pyfault: this process is not watched: {error}")

_used = _watchdog.used()
if _used and not _used.is_as_named():
    say(f"pyfault: {_used.reason()}")
