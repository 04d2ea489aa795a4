# A callback of the event loop crashes while one task waits: no task may be reported as running.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: callback <- Handle._run <- BaseEventLoop._run_once <- ... <- run <- <module>
# Task: none
# Faulthandler: same
import asyncio
import ctypes


def callback():
    ctypes.memset(0, 1, 1)


async def main():
    asyncio.get_running_loop().call_soon(callback)
    await asyncio.sleep(60)


asyncio.run(main())
