# An extension divides an integer by zero.
#
# Signal: SIGFPE
# Builds: peer_extension.c
# Stack: quotient <- divide <- (leaf) <- (main) <- (<module>) <- _start
import peer_extension


def leaf(divisor):
    return peer_extension.divide(divisor)


def main():
    leaf(0)


main()
