"""python -m pyfault: runs a program under watch, as python itself would run it.

The same interpreter is executed once more, in the same process, with the agent in front. So the
process ID stays, and children that the program starts are watched as well.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Sequence

from pyfault import _native, _watchdog
from pyfault._command_line import words_before_module
from pyfault._stderr import say

_USAGE = """python -m pyfault [--log FILE] [--log-format FORMAT] PROGRAM [ARG...]
       python -m pyfault [OPTIONS] -m MODULE [ARG...]
       python -m pyfault [OPTIONS] -c CODE [ARG...]"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pyfault",
        usage=_USAGE,
        description="Runs PROGRAM, MODULE or CODE as python would, and has a watchdog report its "
        "crashes: that of PYFAULT_SOCKET if it listens, else a running service of this user or of "
        "root (not with --log, --log-format), else one that is started and ends with it. One that "
        "has no room for another process is passed over.",
    )
    parser.add_argument(
        "--log", metavar="FILE", help="append reports to FILE (default: PYFAULT_LOG, else stderr)"
    )
    parser.add_argument(
        "--log-format", metavar="FORMAT", choices=("text", "json", "faulthandler"),
        help="text (default), json or faulthandler; of a watchdog that is started",
    )
    return parser


def _split(words: Sequence[str]) -> int:
    """Returns where the program begins: everything from there on belongs to it."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("--log", "--log-format"):
            at += 2
        elif word == "-" or word.startswith(("-m", "-c")) or not word.startswith("-"):
            return at
        else:
            at += 1
    return at


def main(words: Sequence[str]) -> int:
    """Does not return if the program can be executed."""
    parser = _parser()
    begin = _split(words)
    options = parser.parse_args(words[:begin])
    program = list(words[begin:])
    if not program:
        parser.error("there is no program to run")
    try:
        agent = _native.preloadable_agent()
        found = _watchdog.find_or_start(os.getpid(), options.log, options.log_format)
    except (OSError, RuntimeError) as error:
        say(f"python -m pyfault: {error}")
        return 125
    if not found.is_as_named():
        say(f"python -m pyfault: {found.reason()}")
    preloaded = os.environ.get("LD_PRELOAD")
    os.environ["LD_PRELOAD"] = f"{agent}:{preloaded}" if preloaded else agent
    _watchdog.pass_on(found)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was not closed
            stream.flush()
    flags = words_before_module("pyfault") or []
    os.execv(sys.executable, [sys.executable, *flags, *program])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
