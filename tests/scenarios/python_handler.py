# The program handles the signal itself and goes on.
#
# Expect: exit 5
# Crashes: 0
# Faulthandler: nothing
import os
import signal
import sys


def handle(number, frame):
    sys.exit(5)


signal.signal(signal.SIGSEGV, handle)
os.kill(os.getpid(), signal.SIGSEGV)
