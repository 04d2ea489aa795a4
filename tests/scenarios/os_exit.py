# The program calls os._exit(), which runs no cleanup.
#
# Expect: exit 7
# Crashes: 0
# Faulthandler: nothing
import os

os._exit(7)
