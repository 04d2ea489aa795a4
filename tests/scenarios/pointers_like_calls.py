# As dangling_frame, where pointers look like machine code: a call instruction begins with 0xe8, five
# bytes before the return address, and the C stack holds pointers to what lies behind the address of
# `function`, whose fourth byte is 0xe8. By chance this happens in one process of some hundreds.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- middle <- {unreadable} <- outer <- <module>
# Threads: 1
# Until: 3.10
# Faulthandler: differs, it dies of the same pointer
import ctypes
import mmap
import sys
import types

from helpers import frame_chain

MAP_FAILED = (1 << 64) - 1
MAP_NORESERVE = 0x4000
CALL = 0xE8


def looks_like_call(address):
    return address >> 24 & 0xFF == CALL


def reserve(size):
    map_memory = ctypes.CDLL(None).mmap
    map_memory.restype = ctypes.c_void_p
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
    address = map_memory(None, ctypes.c_size_t(size), 0, flags, -1, ctypes.c_size_t(0))
    if address == MAP_FAILED:
        print("4 GB of address space cannot be reserved here", file=sys.stderr)
        sys.exit(77)
    return address


def copy_of(function):
    return types.FunctionType(function.__code__, globals())


def crash():
    frame_chain.set_caller(sys._getframe(1), 0x123456789000)
    ctypes.memset(0, 1, 1)


def middle():
    crash()


def outer(function):
    function()


# The kernel places new memory right beside what is there already.
while not looks_like_call(reserve(1 << 23)):
    pass
copies = [copy_of(middle)]
while not looks_like_call(id(copies[-1])):
    copies.append(copy_of(middle))
outer(copies[-1])
