# An uncaught exception ends the program, and Python has printed why.
#
# Expect: exit 1
# Crashes: 0
# Faulthandler: nothing
raise RuntimeError("nobody catches this")
