# NumPy adds up an array that lies where nothing is mapped. The sum is C that calls Python that calls C.
#
# Signal: SIGSEGV
# Needs: numpy
# Stack: @_multiarray_umath <- (_sum) <- @_multiarray_umath <- (total) <- (main) <- (<module>) <- _start
import ctypes

import numpy


def total(numbers):
    return numbers.sum()


def main():
    unmapped = (ctypes.c_double * 64).from_address(4096)
    return total(numpy.frombuffer(unmapped))


main()
