"""Short-lived children without end, Pythons and children that stay, output without a line break."""
import os
import signal
import subprocess
import sys

SCALE = int(os.environ.get("HOSTILE_SCALE", 1))
CHILDREN, STAYING, PYTHONS = 5000 * SCALE, 250 * SCALE, 100
for _ in range(CHILDREN):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
staying = []
for _ in range(STAYING):
    staying.append(os.fork())
    if staying[-1] == 0:
        signal.pause()
stay = [subprocess.Popen([sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE) for _ in range(PYTHONS)]
for each in stay:
    each.stdout.readline()
for _ in range(500):
    os.write(1, b"x" * 100_000)
for child in staying:
    os.kill(child, signal.SIGKILL)
for child in staying:
    os.waitpid(child, 0)
open(os.environ["HOSTILE_TRIES"], "w").write(str(CHILDREN + STAYING + PYTHONS))
