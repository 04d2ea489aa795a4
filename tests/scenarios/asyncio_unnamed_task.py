# A task without a name crashes in its first step. It must be reported by the name that asyncio would give it.
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
