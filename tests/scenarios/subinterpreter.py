# A subinterpreter that the main thread runs crashes.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Interpreter: 1
# Faulthandler: differs, it shows one interpreter only
from helpers import subinterpreters

CODE = """
import os

def crash():
    os.abort()

crash()
"""

subinterpreters.run(CODE)
