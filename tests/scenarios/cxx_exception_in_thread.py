# C++ code in a thread throws an exception that has no text but its name.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- ... <- Thread._bootstrap
# Threads: 2
# Words: c++, "std::bad_alloc", "std::bad_alloc"
# Faulthandler: same
import ctypes
import os
import sys
import threading

from helpers import parked

try:
    libstdcxx = ctypes.CDLL("libstdc++.so.6")
except OSError as error:
    sys.stderr.write("no C++ runtime here (Debian's package libstdc++6): %s\n" % error)
    sys.exit(77)

lock = threading.Lock()
go_pipe = os.pipe()


def crash():
    os.read(go_pipe[0], 1) and libstdcxx._ZSt17__throw_bad_allocv()


lock.acquire()
parked.start(crash)
os.write(go_pipe[1], b".") and lock.acquire()
