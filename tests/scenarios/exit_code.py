# The program exits with a code of its own, which must be passed on.
#
# Expect: exit 3
# Crashes: 0
# Faulthandler: nothing
import sys

sys.exit(3)
