# A method has the same name as the one that runs a task's steps. The running task must be found all the same.
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
