"""multiprocessing: a Process knows its crash, and a Pool does not wait for ever for a lost worker.

    import pyfault.hooks.multiprocessing
    pyfault.hooks.multiprocessing.install(pool=True)

From then on `process.crash` is the pyfault.crashes.Crash that ended a child, or None; and the job
that a worker of a Pool was at when it died fails with pyfault.RemoteCrash.
"""

from __future__ import annotations

import time
from multiprocessing import pool as _pool
from multiprocessing.process import BaseProcess
from typing import Any, Callable, Optional

from pyfault.crashes import Crash
from pyfault.hooks import _children
from pyfault.hooks._patches import Patches
from pyfault.hooks._pool_queues import Results, Tasks, Work

__all__ = ["install", "uninstall"]

_Pool: Any = _pool.Pool
_process_patches = Patches()
_pool_patches = Patches()


def install(*, pool: bool = False) -> None:
    """Adds `crash` to Process, and with `pool` watches over the jobs of Pools.

    The children must be watched. Forked ones are, if this process is; those that are started as
    new interpreters (the start methods spawn and forkserver) are if this program runs under
    `python -m pyfault` or with PYFAULT=1. Of others there is no crash, but a Pool does notice
    that they died.

    `Process.crash` asks the watchdog, for up to a second, each time until there is an answer. It is
    None while the child lives.

    `pool`: for Pools that are made from now on, of processes, not of threads. If a worker dies in
    the middle of a task (it crashes, is killed, or calls sys.exit()), then get() of that job raises
    RemoteCrash, for map() and its kin as soon as the other tasks of the job are done; the iterators
    of imap() and imap_unordered() raise it in the task's place, and go on. Tasks that no worker had
    begun are done by others, and also those of a worker that is killed while it waits for one. It
    costs a second copy of the arguments and some 10 us for a task. A worker that is killed at the
    very moment at which it reads a task from the pipe, or writes a result, can still stop the pool.

    May be called repeatedly, in any thread; `pool` once given stays.
    """
    if not _process_patches:
        _process_patches.replace(BaseProcess, "start", _start_noting_time(BaseProcess.start))
        _process_patches.replace(BaseProcess, "crash", property(_crash_of))
    if pool and not _pool_patches:
        _pool_patches.replace(_Pool, "_setup_queues", _setup_queues)
        maintain = staticmethod(_settling_lost_work(_Pool._maintain_pool))
        _pool_patches.replace(_Pool, "_maintain_pool", maintain)


def uninstall() -> None:
    """Undoes install(). Pools that exist work on, but wait for lost jobs again."""
    _pool_patches.undo()
    _process_patches.undo()


def _start_noting_time(start: Callable[[BaseProcess], None]) -> Callable[[BaseProcess], None]:
    def start_noting_time(process: Any) -> None:
        process._pyfault_started = time.time()
        start(process)

    return start_noting_time


def _started(process: Any) -> Optional[float]:
    return getattr(process, "_pyfault_started", None)


def _crash_of(process: Any) -> Optional[Crash]:
    """The crash that ended this process, a pyfault.crashes.Crash, or None."""
    if not process.exitcode:
        return None
    if "_pyfault_crash" not in vars(process):
        lost = _children.remote_crash(process.pid, process.exitcode, _started(process))
        if lost.crash is None:
            return None
        process._pyfault_crash = lost.crash
    crash: Crash = process._pyfault_crash
    return crash


def _setup_queues(pool: Any) -> None:
    work = Work(pool._ctx)
    pool._inqueue = Tasks(work, ctx=pool._ctx)
    pool._outqueue = Results(work, ctx=pool._ctx)
    pool._quick_put = pool._inqueue.put
    pool._quick_get = pool._outqueue.get


def _settling_lost_work(maintain_pool: Callable[..., None]) -> Callable[..., None]:
    """`maintain_pool` replaces the workers that have ended, in a thread of the pool."""

    def maintain_and_settle(
        ctx: Any, process: Any, processes: int, workers: Any, tasks: Any, results: Any, *rest: Any
    ) -> None:
        before = list(workers)
        maintain_pool(ctx, process, processes, workers, tasks, results, *rest)
        if isinstance(tasks, Tasks):
            for worker in before:
                if worker not in workers:
                    _settle(worker, tasks, results)

    return maintain_and_settle


def _settle(worker: Any, tasks: Tasks, results: Results) -> None:
    row = tasks.work.row_of(worker.pid)
    if row is None:
        return
    if row.waiting:
        tasks.unlock()
    elif row.busy:
        lost = _children.remote_crash(worker.pid, worker.exitcode, _started(worker))
        results.put_lost(row, lost)
    tasks.work.free(row)
