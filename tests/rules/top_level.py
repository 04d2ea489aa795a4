#!/usr/bin/env python3
"""The top of the tree holds what was agreed and nothing else. usage: top_level.py SOURCE_ROOT"""
import os
import re
import sys

AGREED = {"CMakeLists.txt", "README.md", "shared", "agent", "watchdog", "systemd", "tests"}
IGNORED = re.compile(r"\..*|build.*")  # dot files, and what .gitignore ignores


def check(root):
    extra = [name for name in sorted(os.listdir(root)) if name not in AGREED and not IGNORED.fullmatch(name)]
    return [f"{name}: not one of the agreed top-level entries" for name in extra]


if __name__ == "__main__":
    found = check(sys.argv[1])
    sys.exit("\n".join(found) or None)
