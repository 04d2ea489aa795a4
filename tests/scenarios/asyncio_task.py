# A coroutine crashes, two awaits deep, in an asyncio task.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: fetch <- handle <- main <- Handle._run <- BaseEventLoop._run_once <- ... <- run <- <module>
# Threads: 1
# Faulthandler: same
import asyncio
import ctypes


async def fetch():
    ctypes.memset(0, 1, 1)


async def handle():
    await fetch()


async def main():
    await asyncio.sleep(0)
    await handle()


asyncio.run(main())
