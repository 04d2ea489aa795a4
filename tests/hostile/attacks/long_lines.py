"""Crashes of 120 threads with 240 frames each, on source lines of 4,000 characters."""
import ctypes
import os
import threading

TRIES = 5
source = os.path.join(os.environ["HOSTILE_HOME"], "long.py")
code = "".join(f"def {one}(n, call): return call() if n == 0 else {other}(n - 1, call)  # {'x' * 3900}\n"
               for one, other in ("fg", "gf"))  # alternate, because equal neighbours are folded
with open(source, "w") as file:
    file.write(code)
scope = {}
exec(compile(code, source, "exec"), scope)
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
