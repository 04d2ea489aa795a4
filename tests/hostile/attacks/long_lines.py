"""Crashes of 120 threads with 240 frames each, all on a source line of 4,000 characters."""
import ctypes
import os
import threading

TRIES = 5
source = os.path.join(os.environ["HOSTILE_HOME"], "long.py")
line = "def f(n, call): return call() if n == 0 else f(n - 1, call)  # " + "x" * 3900
with open(source, "w") as file:
    file.write((line + "\n") * 2)
scope = {}
exec(compile(line, source, "exec"), scope)
for _ in range(TRIES):
    if os.fork() == 0:
        threading.stack_size(512 << 10)
        ready, forever = threading.Semaphore(0), threading.Event()

        def wait():
            ready.release()
            forever.wait()

        for _ in range(119):
            threading.Thread(target=scope["f"], args=(240, wait), daemon=True).start()
        for _ in range(119):
            ready.acquire()
        scope["f"](240, lambda: ctypes.memset(0, 1, 1))
    os.wait()
open(os.environ["HOSTILE_TRIES"], "w").write(str(TRIES))
