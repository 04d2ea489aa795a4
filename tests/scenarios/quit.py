# Another process sends SIGQUIT to see what the program is doing.
#
# Expect: SIGQUIT SI_USER
# Frames: wait <- <module>
# Threads: 1
# Faulthandler: nothing
import os
import signal
import time


waiting = os.pipe()


def wait():
    os.write(waiting[1], b".")
    time.sleep(60)


if os.fork() == 0:
    os.read(waiting[0], 1)
    os.kill(os.getppid(), signal.SIGQUIT)
    os._exit(0)
wait()
