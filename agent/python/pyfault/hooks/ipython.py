"""IPython and Jupyter: the last cell, in the report of a kernel that died.

    %load_ext pyfault.hooks.ipython

The kernel watches itself (pyfault.enable()), and the annotation `cell` is the beginning of the cell
that was run last. Reports go to stderr as it was when the kernel was started, that is to the
terminal of jupyter, or to PYFAULT_LOG.
"""

from __future__ import annotations

from typing import Any

import pyfault
from pyfault._stderr import say

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Called by %load_ext. Says in a line if the kernel cannot be watched."""
    try:
        pyfault.enable()
    except pyfault.Unwatched as error:
        say(f"pyfault: this kernel is not watched: {error}")
    shell.events.register("pre_run_cell", _note_cell)


def unload_ipython_extension(shell: Any) -> None:
    """Called by %unload_ext. The kernel stays watched."""
    shell.events.unregister("pre_run_cell", _note_cell)
    pyfault.annotate(cell=None)


def _note_cell(info: Any) -> None:
    pyfault.annotate(cell=info.raw_cell)
