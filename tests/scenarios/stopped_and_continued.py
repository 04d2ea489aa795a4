# The program is stopped for a while and continued.
#
# Expect: exit 0
# Crashes: 0
# Faulthandler: nothing
import os
import signal
import sys

worker = os.fork()
if worker == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(0)
_, status = os.waitpid(worker, os.WUNTRACED)
os.kill(worker, signal.SIGCONT)
_, end = os.waitpid(worker, 0)
sys.exit(not os.WIFSTOPPED(status) or end)
