# Python and C alternate in many ways: __init__, __missing__, a generator, map, a comparison made a key.
#
# Signal: SIGSEGV
# Stack: ffi_call <- (__init__) <- @python <- (__missing__) <- @python <- (numbers) <- (<listcomp>) <- (look_up) <- @python <- (compare) <- @python <- (main) <- (<module>) <- _start
# Stack@3.12: ffi_call <- (__init__) <- @python <- (__missing__) <- @python <- (numbers) <- (look_up) <- @python <- (compare) <- @python <- (main) <- (<module>) <- _start
import ctypes
import functools


class Item:
    def __init__(self, key):
        self.value = ctypes.memset(0, key, 1)


class Table(dict):
    def __missing__(self, key):
        return Item(key).value


def numbers():
    yield Table()[1]


def look_up(_):
    return [number for number in numbers()]


def compare(left, right):
    return list(map(look_up, [left, right]))


def main():
    return sorted([2, 1], key=functools.cmp_to_key(compare))


main()
