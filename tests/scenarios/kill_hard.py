# Nobody can catch SIGKILL: no record, but the exit is told.
#
# Expect: SIGKILL
# Crashes: 0
# Faulthandler: nothing
import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
