# As smashed_c_stack, with generators to which only links on the C stack lead.
#
# Expect: SIGSEGV
# Title: AAAA
# Frames: leaf <- inner <- outer <- main <- <module>
# Frames@3.11: {unreadable} <- leaf <- inner <- outer <- main <- <module>
# Frames@3.12: leaf <- inner <- outer <- main <- <module>
# Threads: 1
# Faulthandler: differs, it follows what was overwritten
from helpers import machine_code

WORDS_OF_A_WHOLE_STACK = 1 << 21


def leaf(_):
    smash()


def inner():
    sorted([1], key=leaf)
    yield


def outer():
    yield list(inner())


def main():
    waiting = inner()
    running = outer()
    list(running)
    return waiting


smash = machine_code.function(machine_code.smash_stack(WORDS_OF_A_WHOLE_STACK))
main()
