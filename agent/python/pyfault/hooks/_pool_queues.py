"""The two queues of a multiprocessing.Pool, made so that the parent knows who is at which task.

Each worker has a row of a table in shared memory, in which it notes what it is at: before it takes
a task out of the pipe, when it has one, and when the result is in the pipe. When a worker has died,
the parent reads the row, and puts the failure of the task into the pipe of results itself: behind
whatever the worker still put there. So a result that arrived is told from one that did not.
"""

from __future__ import annotations

import os
from multiprocessing.queues import SimpleQueue
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Tuple

from pyfault._remote_crash import RemoteCrash

if TYPE_CHECKING:
    _Queue = SimpleQueue[Any]
else:
    _Queue = SimpleQueue

_Job = Tuple[int, int]  # the number of the job, and of the task in it

# A worker that finds no free row works on, but its loss is not noticed.
_ROWS = 1024
_PID, _STATE, _JOB, _INDEX, _DONE = range(5)
_COLUMNS = 5

_IDLE, _WAITING, _BUSY = range(3)

# What a pool discards: it has no such job.
_NOTHING = (-1, 0, None)


class Row(NamedTuple):
    """What a worker was at when it died."""

    number: int
    state: int
    job: int
    task: int
    done: int
    """How many results it and the earlier owners of this row have put into the pipe."""

    @property
    def waiting(self) -> bool:
        """It held the lock of the tasks."""
        return self.state == _WAITING

    @property
    def busy(self) -> bool:
        return self.state == _BUSY


class Work:
    """The table. A worker writes its own row; the parent frees the rows of the dead."""

    def __init__(self, ctx: Any) -> None:
        self._words = ctx.RawArray("q", _ROWS * _COLUMNS)
        self._own: Optional[int] = None  # the first word of this process's row

    def claim(self) -> None:
        """Takes a row for this process, once. The caller holds the lock of the tasks."""
        if self._own is not None:
            return
        for at in range(0, len(self._words), _COLUMNS):
            if self._words[at + _PID] == 0:
                self._words[at + _STATE] = _IDLE
                self._words[at + _PID] = os.getpid()
                self._own = at
                return

    def note(self, state: int, job: int = 0, index: int = 0) -> None:
        if self._own is not None:
            self._words[self._own + _JOB] = job
            self._words[self._own + _INDEX] = index
            self._words[self._own + _STATE] = state

    def next_result(self) -> Tuple[int, int]:
        """The row and the number of the result that this process is about to put."""
        if self._own is None:
            return -1, 0
        return self._own // _COLUMNS, self._words[self._own + _DONE] + 1

    def result_is_put(self, number: int) -> None:
        if self._own is not None:
            self._words[self._own + _DONE] = number
            self.note(_IDLE)

    def row_of(self, pid: int) -> Optional[Row]:
        """What a process that is dead has left."""
        for at in range(0, len(self._words), _COLUMNS):
            if self._words[at + _PID] == pid:
                _, *values = self._words[at : at + _COLUMNS]
                return Row(at // _COLUMNS, *values)
        return None

    def free(self, row: Row) -> None:
        """Lets another process take the row, once the loss of its task has been put: the results
        that the other one puts have the same numbers."""
        self._words[row.number * _COLUMNS + _PID] = 0


class Tasks(_Queue):
    """The parent puts tasks, workers get them. The task itself is pickled within the message."""

    def __init__(self, work: Work, *, ctx: Any) -> None:
        super().__init__(ctx=ctx)
        self.work = work

    def __getstate__(self) -> Any:
        return super().__getstate__(), self.work  # type: ignore[misc]

    def __setstate__(self, state: Any) -> None:
        queue, self.work = state
        super().__setstate__(queue)  # type: ignore[misc]

    def put(self, task: Any) -> None:
        """`task`: (job, index, ...), or None, which ends a worker. For one thread."""
        if task is not None:
            task = (task[0], task[1], bytes(ForkingPickler.dumps(task)))
        self._writer.send(task)  # type: ignore[attr-defined]

    def get(self) -> Any:
        with self._rlock:  # type: ignore[attr-defined]
            self.work.claim()
            message = self._take()
        return None if message is None else ForkingPickler.loads(message[2])

    def _take(self) -> Any:
        self.work.note(_WAITING)
        job: Optional[_Job] = None
        try:
            message = self._reader.recv()  # type: ignore[attr-defined]
            if message is not None:
                job = message[:2]
        finally:
            if job is None:
                self.work.note(_IDLE)
            else:
                self.work.note(_BUSY, *job)
        return message

    def unlock(self) -> None:
        """For a worker that died while it waited for a task, which it does with the lock held."""
        self._rlock.release()  # type: ignore[attr-defined]


class Results(_Queue):
    """Workers put results, the parent gets them. Each says whose result it is, and which."""

    def __init__(self, work: Work, *, ctx: Any) -> None:
        super().__init__(ctx=ctx)
        self._work = work
        self._received: Dict[int, int] = {}  # the number of the last result from each row
        self._lost: Dict[_Job, RemoteCrash] = {}

    def __getstate__(self) -> Any:
        return super().__getstate__(), self._work  # type: ignore[misc]

    def __setstate__(self, state: Any) -> None:
        queue, self._work = state
        super().__setstate__(queue)  # type: ignore[misc]

    def put(self, result: Any) -> None:
        """`result`: (job, index, (success, value)), or None, which ends the parent's thread."""
        if result is None:
            super().put(None)
            return
        row, number = self._work.next_result()
        super().put((*result, row, number))
        self._work.result_is_put(number)

    def put_lost(self, row: Row, lost: RemoteCrash) -> None:
        """In the parent: the worker of this row died, and its task has failed."""
        self._lost[row.job, row.task] = lost
        super().put((row.job, row.task, None, row.number, row.done + 1))

    def get(self) -> Any:
        message = self._reader.recv()  # type: ignore[attr-defined]
        if message is None:
            return None
        job, index, result, row, number = message
        if result is not None:
            self._received[row] = number
            return job, index, result
        lost = self._lost.pop((job, index))
        if self._received.get(row, 0) >= number:
            return _NOTHING
        return job, index, (False, lost)
