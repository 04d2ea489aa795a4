# A subinterpreter that a thread runs crashes while the main interpreter waits for the thread.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Interpreter: 1
# Faulthandler: differs, it shows one interpreter only
import threading

from helpers import subinterpreters

CODE = """
import os

def crash():
    os.abort()

crash()
"""

thread = threading.Thread(target=subinterpreters.run, args=(CODE,))
thread.start()
thread.join()
