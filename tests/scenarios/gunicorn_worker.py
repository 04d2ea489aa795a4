# A worker of gunicorn crashes at a request; its master starts another one.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- application <- ... <- SyncWorker.handle <- ... <- Arbiter.spawn_worker <- ...
# Faulthandler: differs, it may not know all of the names
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time


def crash():
    ctypes.memset(0, 1, 1)


def application(environ, start_response):
    crash()


def connected(path):
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(path)
            return client
        except OSError:
            client.close()
            time.sleep(0.01)


if __name__ == "__main__":
    try:
        import gunicorn
    except ImportError:
        print("this interpreter has no gunicorn (Debian: gunicorn)", file=sys.stderr)
        sys.exit(77)
    folder = os.path.dirname(os.path.abspath(__file__))
    options = ["--bind", "unix:socket", "--log-level", "critical", "--graceful-timeout", "1"]
    master = subprocess.Popen([sys.executable, "-m", "gunicorn", "--pythonpath", folder, *options, "gunicorn_worker:application"])
    client = connected("socket")
    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
    client.recv(1)
    master.send_signal(signal.SIGTERM)
    sys.exit(master.wait())
