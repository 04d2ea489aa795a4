# Python calls an extension, which calls Python back, which calls the extension, where a function that the compiler has
# inlined writes to address 0.
#
# Signal: SIGSEGV
# Builds: peer_extension.c
# Stack: store_inline <- level3 <- level2 <- crash <- (leaf) <- (middle) <- (callback) <- relay <- call <- (outer) <- (main) <- (<module>) <- _start
import peer_extension


def leaf():
    peer_extension.crash()


def middle():
    leaf()


def callback():
    middle()


def outer():
    peer_extension.call(callback)


def main():
    outer()


main()
