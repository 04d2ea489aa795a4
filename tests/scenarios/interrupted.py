# Control-C: Python says so and dies of the signal.
#
# Expect: SIGINT
# Crashes: 0
# Faulthandler: nothing
import os
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started us may ignore it
os.kill(os.getpid(), signal.SIGINT)
