# A crash in a subinterpreter, run by the main thread.
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
