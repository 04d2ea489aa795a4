# The program leaves without cleaning up.
#
# Expect: exit 7
# Crashes: 0
# Faulthandler: nothing
import os

os._exit(7)
