# C++ code throws an exception that nothing catches. The report must have its type and its text.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: c++, "std::runtime_error", "no such table"
# Faulthandler: same
import ctypes
import sys

try:
    libstdcxx = ctypes.CDLL("libstdc++.so.6")
except OSError as error:
    sys.stderr.write("no C++ runtime here (Debian's package libstdc++6): %s\n" % error)
    sys.exit(77)


def crash():
    libstdcxx._ZSt21__throw_runtime_errorPKc(b"no such table")


crash()
