# A list is sorted by a key in Python, which calls a C function that writes to address 0.
#
# Signal: SIGSEGV
# Stack: ffi_call <- (leaf) <- (key) <- @python <- (main) <- (<module>) <- _start
import ctypes


def leaf(number):
    return ctypes.memset(0, number, 1)


def key(number):
    return leaf(number)


def main():
    numbers = [2, 1]
    numbers.sort(key=key)


main()
