# A function of Cython calls Python, and that one another function of Cython, which writes to address 0.
#
# Signal: SIGSEGV
# Builds: peer_cython.pyx
# Stack: __pyx_f_11peer_cython_store <- @peer_cython <- (leaf) <- __pyx_f_11peer_cython_relay <- @peer_cython <- (outer) <- (main) <- (<module>) <- _start
import peer_cython


def leaf():
    peer_cython.crash()


def outer():
    peer_cython.call(leaf)


def main():
    outer()


main()
