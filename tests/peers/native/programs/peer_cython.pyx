# An extension by Cython that calls Python back, and writes to address 0.
# cython: language_level=3
cdef int steps = 0  # work behind each call, so that none is the last thing its function does


cdef int store(int* target) except -1:
    global steps
    target[0] = 1
    steps += 1
    return 0


cdef relay(function):
    global steps
    result = function()
    steps += 1
    return result


def crash():
    store(NULL)


def call(function):
    return relay(function)
