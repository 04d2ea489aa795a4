"""What pyfault.pth imports in every Python that has the package, if PYFAULT=1 is in the environment.

The program runs on if it cannot be watched, or not by the watchdog that PYFAULT_SOCKET names: one
line on stderr says why.
"""

from __future__ import annotations

import sys

from pyfault import _door, _watchdog

try:
    _door.enable()
except _door.Unwatched as error:
    sys.stderr.write(f"pyfault: this process is not watched: {error}\n")

_used = _watchdog.used()
if _used and not _used.is_as_named():
    sys.stderr.write(f"pyfault: {_used.reason()}\n")
