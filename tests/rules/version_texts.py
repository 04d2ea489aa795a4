#!/usr/bin/env python3
"""Texts name the versions of CPython that the agent knows, and no others. usage: version_texts.py SOURCE_ROOT

A version is known if it has a header, agent/cpython/v3_N.h, and a row in agent/cpython/versions.cc.
"""
import os
import re
import sys

HEADER = re.compile(r"v3_(\d+)\.h")
ROW = re.compile(r"\{kLayout3(\d+)[,}]")
RANGE = re.compile(r"CPython\s+(3\.\d+ to 3\.\d+)")
MUST_NAME_THEM = "README.md"
TEXTS = (MUST_NAME_THEM, "agent", "watchdog", "systemd")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def text_files(root):
    for top in TEXTS:
        if os.path.isfile(os.path.join(root, top)):
            yield top
        for folder, _, names in os.walk(os.path.join(root, top)):
            yield from (os.path.relpath(os.path.join(folder, name), root) for name in sorted(names))


def check_rows(root, minors):
    rows = sorted(int(minor) for minor in ROW.findall(read(os.path.join(root, "agent/cpython/versions.cc"))))
    return [] if rows == minors else [f"agent/cpython/versions.cc: has rows for {rows}, there are headers for {minors}"]


def check(root):
    minors = sorted(int(match[1]) for match in map(HEADER.fullmatch, os.listdir(os.path.join(root, "agent/cpython"))) if match)
    known = f"3.{minors[0]} to 3.{minors[-1]}"
    named = {path: RANGE.findall(read(os.path.join(root, path))) for path in text_files(root)}
    problems = check_rows(root, minors)
    problems += [f"{path}: names CPython {text}, the agent knows {known}"
                 for path, texts in named.items() for text in texts if text != known]
    return problems + ([] if named.get(MUST_NAME_THEM) else [f"{MUST_NAME_THEM}: does not say \"CPython {known}\""])


if __name__ == "__main__":
    found = check(sys.argv[1])
    sys.exit("\n".join(found) or None)
