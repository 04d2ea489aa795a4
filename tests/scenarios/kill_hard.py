# SIGKILL cannot be caught: there is no record, but the exit must be reported.
#
# Expect: SIGKILL
# Crashes: 0
# Faulthandler: nothing
import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
