# A function template of C++ calls a Python function by way of pybind11, and that one C++ that writes to address 0.
#
# Signal: SIGSEGV
# Builds: peer_pybind11.cc
# Stack: peer::store_at_null <- @peer_pybind11 <- (leaf) <- (visit) <- peer::for_each <- @peer_pybind11 <- (walk) <- (main) <- (<module>) <- _start
import peer_pybind11


def leaf(number):
    peer_pybind11.store_at_null(number)


def visit(number):
    leaf(number)


def walk():
    peer_pybind11.for_each([1, 2], visit)


def main():
    walk()


main()
