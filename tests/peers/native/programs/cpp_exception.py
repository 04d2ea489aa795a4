# An exception of C++ that nobody catches leaves an extension, with Python and C between it and the program's start.
#
# Signal: SIGABRT
# Builds: peer_exception.cc
# Stack: abort <- std::terminate <- __cxa_throw <- peer::fail <- @peer_exception <- (leaf) <- peer::relay <- @peer_exception <- (outer) <- (main) <- (<module>) <- _start
import peer_exception


def leaf():
    peer_exception.fail()


def outer():
    peer_exception.call(leaf)


def main():
    outer()


main()
