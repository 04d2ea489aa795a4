# A function's name is a wild pointer: the other frames must be kept.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- {unknown} <- outer <- <module>
# Depth: 4
# Threads: 1
# Faulthandler: differs, it dies of the same pointer
import ctypes


def crash():
    ctypes.memset(0, 1, 1)


def nameless():
    crash()


def outer():
    nameless()


def pointers_to(names, code):
    words = (ctypes.c_size_t * (code.__sizeof__() // 8)).from_address(id(code))
    return [(words, index) for index in range(len(words)) if words[index] in names]


for words, index in pointers_to({id(nameless.__code__.co_name)}, nameless.__code__):
    words[index] = 0x123456789000
outer()
