# A daemon crashes: it has forked twice, and has its own session and new standard descriptors.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- start <- <module>
# Threads: 1
# Faulthandler: differs, its stderr is /dev/null
import ctypes
import os


def crash():
    ctypes.memset(0, 1, 1)


def start():
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    crash()


end = os.pipe()
starter = os.fork()
if starter == 0:
    start()
os.close(end[1])
os.waitpid(starter, 0)
os.read(end[0], 1)  # until the daemon is dead
