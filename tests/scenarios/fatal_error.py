# The interpreter itself aborts. Its message must still appear on stderr, and the report must quote it.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: python, null, "on purpose"
# Faulthandler: differs, Py_FatalError prints a report of its own kind
import ctypes


def crash():
    ctypes.pythonapi.Py_FatalError(b"on purpose")


crash()
