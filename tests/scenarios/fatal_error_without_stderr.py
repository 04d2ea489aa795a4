# The interpreter aborts and cannot print why. The report must quote its message all the same.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: python, null, "on purpose"
# Faulthandler: differs, it prints nothing where there is no stderr
import ctypes
import os

os.close(2)


def crash():
    ctypes.pythonapi.Py_FatalError(b"on purpose")


crash()
