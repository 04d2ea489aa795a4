# Control-C: Python says so and dies of the signal.
#
# Expect: SIGINT
# Crashes: 0
# Faulthandler: nothing
import os
import signal

os.kill(os.getpid(), signal.SIGINT)
