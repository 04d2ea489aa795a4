# A coroutine that uvloop runs calls a C function that writes to address 0.
#
# Signal: SIGSEGV
# Needs: uvloop
# Stack: ffi_call <- (leaf) <- (inner) <- (work) <- @loop <- uv_run <- @loop <- (main) <- (<module>) <- _start
import asyncio
import ctypes

import uvloop


def leaf():
    ctypes.memset(0, 1, 1)


async def inner():
    leaf()


async def work():
    await asyncio.sleep(0)
    await inner()


def main():
    uvloop.new_event_loop().run_until_complete(work())


main()
