# The interpreter gives up by itself, and says why on stderr as ever.
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
