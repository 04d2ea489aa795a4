#!/usr/bin/env python3
"""The agent's layout tables against CPython's own headers. usage: layout_tables.py PRINT_LAYOUTS

PRINT_LAYOUTS prints the tables as `minor free_threaded field value` lines. Headers are looked for in
/usr/include, in ~/.pyenv/versions, and beside the interpreters in PYFAULT_TEST_PYTHONS. Exits with 77 (skipped) if
there are none.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
FIRST_FREE_THREADED = 13
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layout_offsets.c")


def include_roots():
    yield "/usr/include"
    yield from glob.glob(os.path.expanduser("~/.pyenv/versions/*/include"))
    for python in filter(None, os.environ.get("PYFAULT_TEST_PYTHONS", "").split(":")):
        yield os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(python))), "include")


def header_sets(minors):
    """(minor, folder) of each set of CPython headers of these versions that has the internal ones."""
    found = {}
    for root in include_roots():
        for folder in glob.glob(os.path.join(root, "python3.*")):
            minor = re.fullmatch(r"python3\.(\d+)", os.path.basename(folder))
            if minor and int(minor[1]) in minors and os.path.isdir(os.path.join(folder, "internal")):
                found[os.path.realpath(folder)] = int(minor[1])
    return sorted((minor, folder) for folder, minor in found.items())


def offsets_in(folder, free_threaded):
    """Returns field -> value, by compiling and running layout_offsets.c with these headers."""
    with tempfile.TemporaryDirectory() as scratch:
        program = os.path.join(scratch, "offsets")
        flags = ["-DPy_GIL_DISABLED=1"] if free_threaded else []
        # Debian keeps pyconfig.h in a multiarch directory beside the others.
        folders = ["-I" + folder, "-I" + folder + "/internal", "-I" + folder + "/internal/mimalloc",
                   "-idirafter", os.path.dirname(folder)]
        subprocess.run([os.environ.get("CC", "cc"), "-w", *flags, *folders, PROGRAM, "-o", program], check=True)
        lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return {field: int(value) for field, value in map(str.split, lines)}


def parse_tables(text):
    """(minor, free_threaded) -> {field: value}"""
    tables = {}
    for minor, free_threaded, field, value in map(str.split, text.splitlines()):
        tables.setdefault((int(minor), free_threaded == "1"), {})[field] = int(value)
    return tables


def compare(label, ours, theirs):
    differing = sorted(field for field in ours.keys() | theirs.keys() if ours.get(field) != theirs.get(field))
    return [f"{label}: {field}: the table says {ours.get(field)}, the headers {theirs.get(field)}"
            for field in differing]


def check(tables, headers):
    problems = []
    for minor, folder in headers:
        for free_threaded in ([False, True] if minor >= FIRST_FREE_THREADED else [False]):
            label = f"3.{minor}{'t' if free_threaded else ''} ({folder})"
            table = tables.get((minor, free_threaded), {})
            problems += compare(label, table, offsets_in(folder, free_threaded))
            print(f"{label}: {len(table)} fields compared")
    return problems


def main(print_layouts):
    tables = parse_tables(subprocess.run([print_layouts], check=True, capture_output=True, text=True).stdout)
    headers = header_sets({minor for minor, _ in tables})
    if not headers:
        print("skipped: no CPython headers with the internal ones here (Debian's package python3-dev)")
        return SKIPPED
    problems = check(tables, headers)
    return "\n".join(problems) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
