# An exception that nobody catches ends the program; Python has said why.
#
# Expect: exit 1
# Crashes: 0
# Faulthandler: nothing
raise RuntimeError("nobody catches this")
