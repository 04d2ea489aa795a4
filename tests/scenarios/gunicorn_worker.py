# A worker of gunicorn crashes while it handles a request. Its master starts another one.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- application <- ... <- SyncWorker.handle <- ... <- Arbiter.spawn_worker <- ...
# Faulthandler: differs, it may not know all of the names
import ctypes
import os
import subprocess
import sys

from helpers import http


def crash():
    ctypes.memset(0, 1, 1)


def application(environ, start_response):
    crash()


if __name__ == "__main__":
    try:
        import gunicorn
    except ImportError:
        print("no gunicorn for this interpreter (Debian's package gunicorn)", file=sys.stderr)
        sys.exit(77)
    folder = os.path.dirname(os.path.abspath(__file__))
    options = ["--bind", "unix:socket", "--log-level", "critical", "--pythonpath", folder]
    options += ["--graceful-timeout", "1"]  # a worker that has just started may miss the request to stop
    command = [sys.executable, "-m", "gunicorn", *options, "gunicorn_worker:application"]
    master = subprocess.Popen(command)
    http.ask("socket")
    master.terminate()
    sys.exit(master.wait())
