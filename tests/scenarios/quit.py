# Somebody wants to know what the program is at: kill -QUIT.
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
