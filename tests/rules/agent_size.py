#!/usr/bin/env python3
"""What every Python process has to load with the agent. usage: agent_size.py AGENT"""
import os
import re
import subprocess
import sys
import tempfile

MAX_STRIPPED_BYTES = 200 * 1000
ALLOWED_LIBRARIES = {"libc.so.6", "ld-linux-x86-64.so.2"}  # neither libstdc++ nor libgcc_s


def stripped_size(path):
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, path], check=True)
        return os.path.getsize(copy.name)


def needed_libraries(path):
    dynamic = subprocess.run(["readelf", "-dW", path], check=True, capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)


def check(path, max_bytes=MAX_STRIPPED_BYTES):
    size = stripped_size(path)
    problems = [f"{path}: {size} bytes stripped, more than {max_bytes}"] if size > max_bytes else []
    return problems + [f"{path}: needs {library}" for library in needed_libraries(path)
                       if library not in ALLOWED_LIBRARIES]


if __name__ == "__main__":
    found = check(sys.argv[1])
    sys.exit("\n".join(found) or None)
