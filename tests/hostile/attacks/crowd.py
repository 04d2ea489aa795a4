"""Short-lived children without end, Pythons that attach and stay, output without a line break."""
import os
import subprocess
import sys

CHILDREN, PYTHONS = 5000, 100
for _ in range(CHILDREN):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
stay = [subprocess.Popen([sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE) for _ in range(PYTHONS)]
for each in stay:
    each.stdout.readline()
for _ in range(500):
    os.write(1, b"x" * 100_000)
open(os.environ["HOSTILE_TRIES"], "w").write(str(CHILDREN + PYTHONS))
