# An asynchronous generator crashes between two awaits.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: numbers <- main <- Handle._run <- BaseEventLoop._run_once <- ... <- run <- <module>
# Threads: 1
# Faulthandler: same
import asyncio
import ctypes


async def numbers():
    yield 1
    await asyncio.sleep(0)
    yield ctypes.memset(0, 1, 1)


async def main():
    async for number in numbers():
        pass


asyncio.run(main())
