# A crash in a loop that the JIT has compiled: its frames and lines must be those that the interpreter would show.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: Buffer.clear <- walk <- <module>
# Source: buffer.clear(size)
# Threads: 1
# Faulthandler: same
# Needs: 3.14
import ctypes
import os
import sys

if not sys._jit.is_available():
    print("this interpreter was built without its JIT", file=sys.stderr)
    sys.exit(77)
if not sys._jit.is_enabled():
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHON_JIT": "1"})


class Buffer:
    compiled = False

    def clear(self, size):
        self.compiled |= sys._jit.is_active()
        ctypes.memset(0, 1, size)


def walk(buffer, sizes):
    for size in sizes:
        buffer.clear(size)


buffer = Buffer()
walk(buffer, [0] * 100000)
if not buffer.compiled:
    sys.exit("the loop was not compiled")
walk(buffer, [0] * 10 + [1])
