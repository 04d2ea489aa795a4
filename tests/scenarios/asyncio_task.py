# A coroutine that is awaited by an asyncio task crashes two awaits deep.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: fetch <- handle <- Handle._run <- BaseEventLoop._run_once <- ... <- run <- <module>
# Task: fetch 7
# Threads: 1
# Faulthandler: same
import asyncio
import ctypes


async def fetch():
    ctypes.memset(0, 1, 1)


async def handle():
    await asyncio.sleep(0)
    await fetch()


async def main():
    task = asyncio.get_running_loop().create_task(handle())
    task.set_name("fetch 7")
    await task


asyncio.run(main())
