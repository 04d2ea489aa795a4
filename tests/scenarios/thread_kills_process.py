# A thread sends its process the signal that ends it. The kernel delivers it to the main thread, but
# the thread that sent it must be reported.
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
