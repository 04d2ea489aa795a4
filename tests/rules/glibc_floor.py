#!/usr/bin/env python3
"""Programs and libraries must run on an old C library. usage: glibc_floor.py VERSION FILE...

Each file may ask libc for versions up to VERSION (2.17, as in manylinux_2_17), and needs no library besides. A static
program asks for nothing.
"""
import re
import subprocess
import sys

ALLOWED_LIBRARIES = {"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}


def output_of(*command):
    # objdump says of a static program that it has no dynamic symbols, and fails.
    return subprocess.run(command, capture_output=True, text=True, check=command[0] != "objdump").stdout


def as_number(version):
    return tuple(int(part) for part in version.split("."))


def is_too_new(wanted, floor):
    version = re.fullmatch(r"GLIBC_([0-9.]+)", wanted)
    return version is None or as_number(version[1]) > as_number(floor)


def check(path, floor):
    wanted = re.findall(r"\*UND\*\s+\S+\s+\(?(\w+_[\w.]+)\)?\s+(\S+)$", output_of("objdump", "-T", path), re.M)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-dW", path))
    return ([f"{path}: {symbol} is of {version}, later than {floor}" for version, symbol in wanted
             if is_too_new(version, floor)] +
            [f"{path}: needs {library}" for library in needed if library not in ALLOWED_LIBRARIES])


if __name__ == "__main__":
    found = [problem for path in sys.argv[2:] for problem in check(path, sys.argv[1])]
    sys.exit("\n".join(found) or None)
