# The program writes a title over its arguments and environment, as setproctitle does.
#
# Expect: SIGSEGV SEGV_MAPERR
# Title: task runner: idle
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes

TITLE = b"task runner: idle"
ARG_START_FIELD = 48
ARG_END_FIELD = 49


def crash():
    ctypes.memset(0, 1, 1)


with open("/proc/self/stat") as file:
    fields = file.read().rpartition(")")[2].split()
begin, end = (int(fields[field - 3]) for field in (ARG_START_FIELD, ARG_END_FIELD))
if begin == 0:
    raise SystemExit("the kernel does not tell where the arguments are")
ctypes.memset(begin, 0, end - begin)
ctypes.memmove(begin, TITLE, min(len(TITLE), end - begin))
crash()
