"""Runs CPython's own tests as `python -m test` does, and records their outcomes: one line of JSON per event.
usage: PYTHON record.py RECORD SUITE [NAME-OF-A-TEST...]    without names: the whole suite

The record says whether the agent is in the process, which tests are planned, when each of them starts and its outcome. The
file is opened again for each line, because tests count descriptors and some close all that they find.
"""
import functools
import json
import os
import runpy
import sys
import tempfile
import unittest


class Record:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.process = os.getpid()

    def write(self, **event):
        if os.getpid() != self.process:
            return  # a child that a test has forked reports nothing
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, json.dumps(event).encode() + b"\n")
        finally:
            os.close(descriptor)


def in_a_line(error):
    return " ".join(f"{error[0].__name__}: {error[1]}".split())[:200]


def outcome_of_subtest(test, error):
    if error is None:
        return "pass", ""
    return ("fail" if issubclass(error[0], test.failureException) else "error"), in_a_line(error)


# Translates calls of a unittest result to (outcome, details).
MEANINGS = {
    "addSuccess": lambda test: ("pass", ""),
    "addFailure": lambda test, error: ("fail", in_a_line(error)),
    "addError": lambda test, error: ("error", in_a_line(error)),
    "addSkip": lambda test, reason: ("skip: " + reason, ""),
    "addExpectedFailure": lambda test, error: ("expected failure", in_a_line(error)),
    "addUnexpectedSuccess": lambda test: ("unexpected success", ""),
    "addSubTest": lambda test, subtest, error: outcome_of_subtest(test, error),
}


def identity(test, *details):
    """The id of a test, and of its subtest if there is one."""
    subtest = next((each for each in (test, *details) if hasattr(each, "test_case")), None)
    if subtest is None:
        return {"test": test.id()}
    return {"test": subtest.test_case.id(), "subtest": subtest._subDescription()}


def before(owner, method, tell):
    """Makes each call of the method call tell() with the same arguments first."""
    original = getattr(owner, method)

    @functools.wraps(original)
    def told(*arguments, **named):
        tell(*arguments, **named)
        return original(*arguments, **named)

    setattr(owner, method, told)


def flatten(tests):
    for test in tests:
        if isinstance(test, unittest.BaseTestSuite):
            yield from flatten(test)
        elif test is not None:
            yield test


def listen(record):
    def on_suite(suite, result, *_):
        if not getattr(result, "_testRunEntered", False):
            record.write(planned=[test.id() for test in flatten(suite)])

    def on_outcome(meaning):
        def tell(_, test, *details):
            outcome, detail = meaning(test, *details)
            record.write(**identity(test, *details), outcome=outcome, detail=detail)
        return tell

    before(unittest.TestSuite, "run", on_suite)
    before(unittest.TestResult, "startTest", lambda _, test: record.write(started=test.id()))
    before(unittest.TestResult, "stopTest", lambda _, test: record.write(stopped=test.id()))
    for method, meaning in MEANINGS.items():
        before(unittest.TestResult, method, on_outcome(meaning))


def agent_is_here():
    with open("/proc/self/maps") as maps:
        return "libpyfault_agent" in maps.read()


def resources():
    """The option for tests that take longer, as far as this version knows them, but not for those that need a network."""
    from test.libregrtest.cmdline import RESOURCE_NAMES
    return ["-u", ",".join(name for name in ("cpu", "subprocess", "walltime") if name in RESOURCE_NAMES)]


def selection(names):
    """regrtest's options for these tests. `tearDownClass (NAME)` stands for all tests of the class."""
    if not names:
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".names", delete=False) as file:
        for name in names:
            file.write((name.split("(")[1].rstrip(")") + ".*" if "(" in name else name) + "\n")
    return ["--matchfile", file.name]


def main(path, suite, *names):
    record = Record(path)
    record.write(agent=agent_is_here())
    listen(record)
    sys.path[0] = os.getcwd()
    sys.argv = ["test", "-v", *resources(), *selection(names), suite]
    runpy.run_module("test", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
