# A method called as the one that runs tasks' steps is no reason to miss the task that runs it.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: Worker._run <- main <- Handle._run <- ...
# Task: Task-1
# Faulthandler: same
import asyncio
import ctypes


class Worker:
    __slots__ = ("first", "second")

    def __init__(self):
        self.second = self.first = object()

    def _run(self):
        ctypes.memset(0, 1, 1)


async def main():
    Worker()._run()


asyncio.run(main())
