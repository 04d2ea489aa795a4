#!/usr/bin/env python3
"""What the signal side may call. usage: signal_symbols.py ALLOW_FILE OBJECT...

Every symbol that the objects leave undefined must be defined by another of them or stand in the
allow-list. Blind spot: calls through pointers.
"""
import subprocess
import sys


def allowed_symbols(text):
    return {line.split("#")[0].strip() for line in text.splitlines()} - {""}


def symbols(path):
    """Returns (defined names, undefined names) of one object."""
    lines = subprocess.run(["nm", "-P", path], check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = [line.split()[:2] for line in lines]
    undefined = {name for name, kind in pairs if kind in "Uvw"}
    return {name for name, _ in pairs} - undefined, undefined


def check(objects, allowed):
    if not objects:
        return ["no object to look at"]
    tables = {path: symbols(path) for path in objects}
    own = {name for defined, _ in tables.values() for name in defined}
    return [f"{path}: {name} is not in the allow-list"
            for path, (_, undefined) in tables.items() for name in sorted(undefined - own - allowed)]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as allow_file:
        found = check(sys.argv[2:], allowed_symbols(allow_file.read()))
    sys.exit("\n".join(found) or None)
