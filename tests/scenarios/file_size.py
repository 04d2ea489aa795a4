# A file exceeds the limit on file sizes. The program has restored the default action of the signal,
# which Python ignores.
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
