"""What pyfault.pth imports in every Python that has the package, if PYFAULT=1 is in the environment.

The program runs on if it cannot be watched: one line on stderr says why.
"""

from __future__ import annotations

import sys

from pyfault import _door

try:
    _door.enable()
except _door.Unwatched as error:
    sys.stderr.write(f"pyfault: this process is not watched: {error}\n")
