#!/usr/bin/env python3
"""Runs a file of tests on each interpreter that is tested. usage: run.py BUILD FILE

The interpreters are those that BUILD/bin/list_interpreters lists, so PYFAULT_TEST_PYTHONS and
PYFAULT_TEST_MATRIX mean what they mean for the other tests. Those that have no framework of their own get
Debian's, as far as these can be imported.
"""
import os
import subprocess
import sys
import tempfile

import debian_frameworks

# What unittest ends with from 3.12 on if every test is left out, for want of a module.
NONE_RAN = 5


def chosen_interpreters(build):
    listed = subprocess.run([os.path.join(build, "bin", "list_interpreters")], stdout=subprocess.PIPE,
                            universal_newlines=True, check=True)
    for line in listed.stdout.splitlines():
        label, path, choice = line.split("\t")
        if choice == "chosen":
            yield label, path


def run_test(test, build, interpreter):
    """Returns the exit code."""
    environment = dict(os.environ)
    for name in ("LD_PRELOAD", "PYFAULT", "PYFAULT_SOCKET", "PYFAULT_LOG", "PYFAULT_LOG_FORMAT"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="pyfault-test-") as folder:
        frameworks, compiled = os.path.join(folder, "frameworks"), os.path.join(folder, "compiled")
        os.mkdir(frameworks)
        debian_frameworks.link(interpreter, frameworks)
        environment["PYTHONPATH"] = os.pathsep.join([os.path.join(build, "lib", "python"), frameworks])
        environment["PYTHONPYCACHEPREFIX"] = compiled  # not among Debian's files
        return subprocess.run([interpreter, "-B", test, "--verbose"], env=environment, stderr=subprocess.STDOUT).returncode


def main():
    build, test = map(os.path.abspath, sys.argv[1:])
    failed = []
    for label, path in chosen_interpreters(build):
        print(f"== CPython {label}, {path}", flush=True)
        if run_test(test, build, path) not in (0, NONE_RAN):
            failed.append(label)
    if failed:
        sys.exit(f"{os.path.basename(test)} failed on {', '.join(failed)}")


if __name__ == "__main__":
    main()
