"""Says something on stderr, if there is one."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Writes a line. Where stderr is closed, or takes nothing, the line is lost and no more."""
    try:
        sys.stderr.write(line + "\n")
    except (AttributeError, OSError, ValueError):  # it is None, or full, or was closed
        pass
