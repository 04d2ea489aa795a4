# An extension calls abort().
#
# Signal: SIGABRT
# Builds: peer_extension.c
# Stack: abort <- give_up <- (leaf) <- (main) <- (<module>) <- _start
import peer_extension


def leaf():
    peer_extension.give_up()


def main():
    leaf()


main()
