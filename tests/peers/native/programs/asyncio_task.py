# A coroutine that a task of asyncio runs calls a C function that writes to address 0.
#
# Signal: SIGSEGV
# Stack: ffi_call <- (leaf) <- (inner) <- (work) <- @python <- ... <- (run_forever) <- ... <- (main) <- (<module>) <- _start
import asyncio
import ctypes


def leaf():
    ctypes.memset(0, 1, 1)


async def inner():
    leaf()


async def work():
    await asyncio.sleep(0)
    await inner()


def main():
    asyncio.run(work())


main()
