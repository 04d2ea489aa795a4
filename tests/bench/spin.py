"""A CPU-bound program. Floats and frames come from free lists: with objects from the heap the number of
instructions would depend on where the heap happens to lie, by more than what is measured here.
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
