#!/usr/bin/env python3
"""Runs a file of tests on each interpreter that is tested. usage: run.py BUILD FILE

The interpreters are those that BUILD/bin/list_interpreters lists, so PYFAULT_TEST_PYTHONS and
PYFAULT_TEST_MATRIX mean what they mean for the other tests.
"""
import os
import subprocess
import sys

# What unittest ends with from 3.12 on if every test is left out, for want of a module.
NONE_RAN = 5


def chosen_interpreters(build):
    listed = subprocess.run([os.path.join(build, "bin", "list_interpreters")], stdout=subprocess.PIPE,
                            universal_newlines=True, check=True)
    for line in listed.stdout.splitlines():
        label, path, choice = line.split("\t")
        if choice == "chosen":
            yield label, path


def main():
    build, test = map(os.path.abspath, sys.argv[1:])
    environment = dict(os.environ, PYTHONPATH=os.path.join(build, "lib", "python"))
    for name in ("LD_PRELOAD", "PYFAULT", "PYFAULT_SOCKET", "PYFAULT_LOG", "PYFAULT_LOG_FORMAT"):
        environment.pop(name, None)
    failed = []
    for label, path in chosen_interpreters(build):
        print(f"== CPython {label}, {path}", flush=True)
        ran = subprocess.run([path, "-B", test, "--verbose"], env=environment, stderr=subprocess.STDOUT)
        if ran.returncode not in (0, NONE_RAN):
            failed.append(label)
    if failed:
        sys.exit(f"{os.path.basename(test)} failed on {', '.join(failed)}")


if __name__ == "__main__":
    main()
