# The task's class is derived from asyncio.Task. It crashes in another thread after waiting for a future.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: work <- Handle._run <- BaseEventLoop._run_once <- ... <- run <- ...
# Task: Gerät 7
# Faulthandler: differs, the main thread may be in start() or in join()
import asyncio
import ctypes
import threading


class Task(asyncio.Task):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.own = 1


async def work():
    await asyncio.sleep(0.001)
    ctypes.memset(0, 1, 1)


async def main():
    task = Task(work(), loop=asyncio.get_running_loop())
    task.set_name("Gerät 7")
    await task


thread = threading.Thread(target=asyncio.run, args=(main(),))
thread.start()
thread.join()
