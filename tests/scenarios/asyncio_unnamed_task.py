# A task that nobody named, and whose first step crashes, has the name that asyncio would give it.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: main <- Handle._run <- BaseEventLoop._run_once <- ... <- run <- <module>
# Task: Task-1
# Faulthandler: same
import asyncio
import ctypes


async def main():
    ctypes.memset(0, 1, 1)


asyncio.run(main())
