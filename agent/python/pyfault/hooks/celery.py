"""celery: the task that a worker is at, as the annotations `task` and `id`.

    import pyfault.hooks.celery          # in the module of the app
    pyfault.hooks.celery.install()

Start the worker with `python -m pyfault -m celery -A app worker`: it and its pool are watched.
"""

from __future__ import annotations

import importlib
import os
import signal
from typing import Any, Dict, List, NamedTuple, Tuple

import pyfault
from pyfault.hooks._activities import Activities, listed
from pyfault.hooks._patches import Patches

__all__ = ["install", "uninstall"]


class _Task(NamedTuple):
    name: str
    id: str


def _describe(open_tasks: List[_Task]) -> Dict[str, str]:
    if len(open_tasks) == 1:
        return {"task": open_tasks[0].name, "id": open_tasks[0].id}
    return {"tasks": listed([f"{task.name} {task.id}" for task in open_tasks])}


# For the report of the worker; then it is killed as ever.
_ABORT_SECONDS = 2.0

_tasks = Activities(_describe)
_tokens: Dict[str, object] = {}
_patches = Patches()
_installed = False


def install() -> None:
    """Connects to celery's signals, in the parent of the pool or in a worker.

    Noted are the name and the ID of each task, no arguments: while it runs, as annotations of its
    thread, and as a breadcrumb. If several run in one thread (the pools gevent and eventlet) the
    annotation is `tasks`, and lists them.

    Time limits of the prefork pool: when a task reaches its soft limit, the stacks of all threads
    are reported before SoftTimeLimitExceeded is raised, provided that the worker comes to run
    Python code. At the hard limit the parent sends SIGABRT to the worker before it kills it: then
    the stacks of the worker are reported, whatever it hangs in.

    Raises ImportError without celery. May be called repeatedly.
    """
    global _installed
    if _installed:
        return
    signals: Any = importlib.import_module("celery.signals")
    for each, receiver in _receivers(signals):
        each.connect(receiver, weak=False, dispatch_uid=f"pyfault {receiver.__name__}")
    _watch_time_limits()
    _installed = True


def uninstall() -> None:
    """Undoes install()."""
    global _installed
    if not _installed:
        return
    _installed = False
    for each, receiver in _receivers(importlib.import_module("celery.signals")):
        each.disconnect(receiver, dispatch_uid=f"pyfault {receiver.__name__}")
    _patches.undo()


def _receivers(signals: Any) -> List[Tuple[Any, Any]]:
    return [(signals.task_prerun, _begin), (signals.task_postrun, _end)]


def _begin(sender: Any = None, task_id: str = "", **_: Any) -> None:
    task = _Task(getattr(sender, "name", None) or "?", task_id)
    pyfault.breadcrumb(f"task {task.name} {task.id}")
    _tokens[task_id] = _tasks.begin(task)


def _end(task_id: str = "", **_: Any) -> None:
    _tasks.end(_tokens.pop(task_id, None))


def _watch_time_limits() -> None:
    """In billiard, celery's multiprocessing: the parent forks workers that inherit the handler."""
    try:
        pool: Any = importlib.import_module("billiard.pool")
    except ImportError:
        return

    def dump_at_soft_limit(number: int, frame: Any) -> None:
        pyfault.dump()
        raise_soft_limit(number, frame)

    def abort_at_hard_limit(handler: Any, worker: Any) -> None:
        try:
            os.kill(worker.pid, signal.SIGABRT)
            worker._popen.wait(timeout=_ABORT_SECONDS)
        except OSError:
            pass
        kill(handler, worker)

    raise_soft_limit = pool.soft_timeout_sighandler
    kill = pool.TimeoutHandler._trywaitkill
    _patches.replace(pool, "soft_timeout_sighandler", dump_at_soft_limit)
    _patches.replace(pool.TimeoutHandler, "_trywaitkill", abort_at_hard_limit)
