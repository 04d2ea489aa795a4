# A thread sends the process the signal that ends it. The main thread has to take it, but it is the
# one that sent it which is reported.
#
# Expect: SIGABRT SI_USER
# Frames: give_up <- ...
# Names: judge
# Threads: 2
# Faulthandler: differs, it blames the thread that the kernel chose
import os
import signal
import threading
import time


def give_up():
    os.kill(os.getpid(), signal.SIGABRT)
    time.sleep(60)


threading.Thread(target=give_up, name="judge").start()
time.sleep(60)
