"""concurrent.futures: BrokenProcessPool says why the pool broke.

    import pyfault.hooks.futures
    pyfault.hooks.futures.install()

From then on the BrokenProcessPool of a ProcessPoolExecutor has a pyfault.RemoteCrash as its cause
(`__cause__`), with the traceback of the child that crashed, or the way in which it ended: that of
each future, and that which submit() and map() raise later on (in 3.8, from a moment later on).
"""

from __future__ import annotations

import functools
import sys
from concurrent.futures import process as _process
from typing import Any, Callable

from pyfault._remote_crash import RemoteCrash
from pyfault.hooks import _children
from pyfault.hooks._patches import Patches

__all__ = ["install", "uninstall"]

_futures: Any = _process
_patches = Patches()


def install() -> None:
    """Gives the BrokenProcessPool of all executors its cause, also of those that run already.

    The children must be watched. Forked ones are, if this process is; those that are started as
    new interpreters (the start methods spawn and forkserver) are if this program runs under
    `python -m pyfault` or with PYFAULT=1. Of others the cause says only how they ended.

    When a pool breaks, its manager thread waits for the watchdog for up to a second, typically a
    few milliseconds. Costs nothing before then. May be called repeatedly, in any thread.
    """
    if _patches:
        return
    if sys.version_info >= (3, 9):
        manager = _futures._ExecutorManagerThread
        _patches.replace(manager, "terminate_broken", _with_cause(manager.terminate_broken))
    else:
        _patches.replace(_futures.BrokenProcessPool, "__init__", _init_with_cause)
    executor = _futures.ProcessPoolExecutor
    _patches.replace(executor, "submit", _submit_with_cause(executor.submit))


def uninstall() -> None:
    """Undoes install()."""
    _patches.undo()


class _Future:
    """Stands in for the future of a work item of a broken pool, to add the cause."""

    def __init__(self, future: Any, lost: RemoteCrash) -> None:
        self._future = future
        self._lost = lost

    def set_exception(self, error: BaseException) -> None:
        error.__cause__ = self._lost
        self._future.set_exception(error)


def _with_cause(terminate_broken: Callable[..., None]) -> Callable[..., None]:
    def terminate_broken_with_cause(manager: Any, cause: Any, *arguments: Any) -> None:
        lost = _children.first_lost(lambda: manager.processes.values())
        # `cause`: what else went wrong, a result that cannot be unpickled, say.
        if lost is not None and (lost.crash is not None or cause is None):
            _remember(manager.executor_reference, lost)
            for item in list(manager.pending_work_items.values()):
                item.future = _Future(item.future, lost)
        terminate_broken(manager, cause, *arguments)

    return terminate_broken_with_cause


def _init_with_cause(error: BaseException, *arguments: Any) -> None:
    """For 3.8, where one function does everything: its pool is among its variables."""
    super(_futures.BrokenProcessPool, error).__init__(*arguments)
    caller = sys._getframe(1)
    if caller.f_code is _futures._queue_management_worker.__code__:
        lost = _children.first_lost(lambda: caller.f_locals["processes"].values())
        error.__cause__ = lost
        if lost is not None:
            _remember(caller.f_locals["executor_reference"], lost)


def _remember(executor_reference: Callable[[], Any], lost: RemoteCrash) -> None:
    executor = executor_reference()
    if executor is not None:
        executor._pyfault_lost = lost


def _submit_with_cause(submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def submit_with_cause(*arguments: Any, **keywords: Any) -> Any:
        try:
            return submit(*arguments, **keywords)
        except _futures.BrokenProcessPool as error:
            lost = getattr(arguments[0], "_pyfault_lost", None)
            if lost is not None:
                error.__cause__ = lost
            raise

    return submit_with_cause
