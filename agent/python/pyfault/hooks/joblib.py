"""joblib and loky: TerminatedWorkerError says why the worker died.

    import pyfault.hooks.joblib
    pyfault.hooks.joblib.install()

From then on TerminatedWorkerError has a pyfault.RemoteCrash as its cause (`__cause__`), with the
traceback of the worker that crashed, or the way in which it ended.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable

from pyfault.hooks import _children
from pyfault.hooks._patches import Patches

__all__ = ["install", "uninstall"]

_MODULES = ("joblib.externals.loky.process_executor", "loky.process_executor")

_patches = Patches()


def install() -> None:
    """Gives TerminatedWorkerError its cause, in joblib's loky and in loky itself.

    loky starts its workers as new interpreters, so they are watched only if this program runs under
    `python -m pyfault` or with PYFAULT=1. Of others the cause says only how they ended.

    Imports what is installed of the two; raises ImportError if neither is. Otherwise as
    pyfault.hooks.futures.install().
    """
    if _patches:
        return
    for name in _MODULES:
        try:
            loky: Any = importlib.import_module(name)
        except ImportError:
            continue
        manager = loky._ExecutorManagerThread
        _patches.replace(manager, "terminate_broken", _with_cause(manager.terminate_broken))
    if not _patches:
        raise ImportError(f"neither of these can be imported: {', '.join(_MODULES)}")


def uninstall() -> None:
    """Undoes install()."""
    _patches.undo()


def _with_cause(terminate_broken: Callable[..., None]) -> Callable[..., None]:
    def terminate_broken_with_cause(manager: Any, error: BaseException) -> None:
        lost = _children.first_lost(lambda: manager.processes.values())
        if lost is not None and (lost.crash is not None or error.__cause__ is None):
            error.__cause__ = lost
        terminate_broken(manager, error)

    return terminate_broken_with_cause
