# A coroutine crashes that is driven by send() and not by an event loop.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: inner <- outer <- drive <- <module>
# Threads: 1
# Faulthandler: same
import ctypes


async def inner():
    ctypes.memset(0, 1, 1)


async def outer():
    await inner()


def drive():
    outer().send(None)


drive()
