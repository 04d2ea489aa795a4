# Another process ends the program with SIGTERM.
#
# Expect: SIGTERM
# Crashes: 0
# Faulthandler: nothing
import os
import signal

os.kill(os.getpid(), signal.SIGTERM)
