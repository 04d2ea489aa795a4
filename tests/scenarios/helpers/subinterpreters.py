"""Subinterpreters, under each name that their module has had."""

import sys

try:
    import _interpreters as _module
except ImportError:
    try:
        import _xxsubinterpreters as _module
    except ImportError:
        print("this interpreter was built without its module for subinterpreters", file=sys.stderr)
        sys.exit(77)


def run(code):
    _module.run_string(_module.create(), code)
