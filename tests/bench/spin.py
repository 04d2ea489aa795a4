"""A CPU-bound program. Its floats and frames come from free lists. Objects from the heap would make the number of
instructions depend on the heap's address, by more than what is measured here.
"""
import itertools


def step(total):
    return total * 0.5 + 1.25


def main():
    total = 1.0
    for _ in itertools.repeat(None, 10000000):
        total = step(total)
    return total


main()
