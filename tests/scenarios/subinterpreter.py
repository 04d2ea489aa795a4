# A crash in a subinterpreter, run by the main thread.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Interpreter: 1
# Faulthandler: differs, it shows one interpreter only
import sys

CODE = """
import os

def crash():
    os.abort()

crash()
"""


def interpreters():
    try:
        import _interpreters as module
    except ImportError:
        import _xxsubinterpreters as module
    return module


try:
    module = interpreters()
except ImportError:
    print("no subinterpreters in this interpreter", file=sys.stderr)
    sys.exit(77)
module.run_string(module.create(), CODE)
