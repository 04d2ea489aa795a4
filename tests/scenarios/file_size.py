# A file grows over its limit, in a program that has given the signal back to its default: Python
# ignores it.
#
# Expect: SIGXFSZ
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: nothing
import os
import resource
import signal
import tempfile

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))


def crash():
    os.write(file.fileno(), b"0123456789")
    os.write(file.fileno(), b"one too many")


with tempfile.TemporaryFile() as file:
    crash()
