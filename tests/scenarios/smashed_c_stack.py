# The C stack is overwritten up to its top, and with it the links between evaluation loops and, in
# 3.11 and 3.12, the pointer to the innermost frame. The frames themselves are elsewhere and must be
# found. From 3.12 on the thread state says how many there are.
#
# Expect: SIGSEGV
# Title: AAAA
# Frames: leaf <- branch <- <lambda> <- <module>
# Frames@3.11: {unreadable} <- leaf <- branch <- <lambda> <- <module>
# Frames@3.12: leaf <- branch <- <lambda> <- <module>
# Threads: 1
# Faulthandler: differs, it follows what was overwritten
from helpers import machine_code

WORDS_OF_A_WHOLE_STACK = 1 << 21


def leaf():
    smash()


def branch():
    leaf()
    yield


smash = machine_code.function(machine_code.smash_stack(WORDS_OF_A_WHOLE_STACK))
sorted([1], key=lambda _: list(branch()))
