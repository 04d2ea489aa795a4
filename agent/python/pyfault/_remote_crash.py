"""RemoteCrash: what becomes of work that was given to a process that died."""

from __future__ import annotations

import signal
from typing import Optional

from pyfault.crashes import Crash


class RemoteCrash(RuntimeError):
    """A child process died, and the work that it had been given is lost.

    The hooks in pyfault.hooks raise it, or make it the cause of the exception that the pool of
    processes raises. Its text ends with the report of the crash, if there was one. It can be
    pickled.
    """

    __module__ = "pyfault"

    def __init__(
        self, pid: Optional[int], exitcode: Optional[int], crash: Optional[Crash] = None
    ) -> None:
        super().__init__(pid, exitcode, crash)
        self.pid = pid
        self.exitcode = exitcode
        """As multiprocessing.Process.exitcode: -N if signal N killed the process."""
        self.crash = crash
        """None if the process exited or was killed, or if no watchdog of ours saw it crash."""

    def __str__(self) -> str:
        said = f"process {self.pid} {_end(self.exitcode)}"
        return f"{said}\n\n{self.crash}" if self.crash is not None else said


def _end(exitcode: Optional[int]) -> str:
    if exitcode is None:
        return "died"
    if exitcode >= 0:
        return f"exited with status {exitcode}"
    try:
        return f"was killed by {signal.Signals(-exitcode).name}"
    except ValueError:  # a real-time signal
        return f"was killed by signal {-exitcode}"
