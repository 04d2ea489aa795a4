"""logging: the last records of the program, as breadcrumbs in the report of a crash.

    pyfault.hooks.logging.install()

or, in a configuration of logging, a handler of the class `pyfault.hooks.logging.Handler`.
"""

from __future__ import annotations

import logging
from typing import Optional

from pyfault._pyfault import breadcrumb

__all__ = ["Handler", "install", "uninstall"]

_installed: Optional[Handler] = None


class Handler(logging.Handler):
    """Leaves a breadcrumb, `INFO app.orders: paid 7`, for each record.

    Tracebacks are left out, and the watchdog keeps the last 32 breadcrumbs, each up to 238 bytes.
    A message of several lines is one of a line. Costs a few microseconds for a record.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = f"{record.levelname} {record.name}: {record.getMessage()}"
            breadcrumb(" ".join(text.splitlines()))
        except Exception:  # as all handlers: logging.raiseExceptions decides
            self.handleError(record)


def install(level: int = logging.INFO, logger: Optional[logging.Logger] = None) -> None:
    """Adds a Handler for records of `level` and above to `logger`, the root logger by default.

    The logger's own level still holds: WARNING for the root logger, if the program sets no other.
    Does nothing if it is installed.
    """
    global _installed
    if _installed is None:
        _installed = Handler(level)
        (logger or logging.getLogger()).addHandler(_installed)


def uninstall(logger: Optional[logging.Logger] = None) -> None:
    """Undoes install(); `logger` is the same as there."""
    global _installed
    if _installed is not None:
        (logger or logging.getLogger()).removeHandler(_installed)
        _installed = None
