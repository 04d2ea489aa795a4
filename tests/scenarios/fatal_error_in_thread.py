# A C thread without a thread state calls a function that needs the GIL, and the interpreter aborts.
#
# Expect: SIGABRT SI_TKILL
# Frames: none
# Interpreter: none
# Words: python, null, "PyThreadState_Get: no current thread"
# Words@3.9: python, null, "but the GIL is released (the current Python thread state is NULL)"
# Faulthandler: differs, Py_FatalError prints a report of its own kind
import ctypes

from helpers import c_threads

function = ctypes.cast(ctypes.pythonapi.PyThreadState_Get, ctypes.c_void_p).value
c_threads.run(function)
