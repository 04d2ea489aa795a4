# The program is interrupted with Ctrl-C: Python prints a traceback and dies of the signal.
#
# Expect: SIGINT
# Crashes: 0
# Faulthandler: nothing
import os
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent may have ignored it
os.kill(os.getpid(), signal.SIGINT)
