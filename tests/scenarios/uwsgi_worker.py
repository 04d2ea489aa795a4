# A worker of uWSGI crashes at a request. Its Python is in a plugin that was loaded after our constructor had run.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- application
# Threads: 1
# Faulthandler: differs, the option is not handed on
import ctypes
import os
import shutil
import signal
import subprocess
import sys

from helpers import http


def crash():
    ctypes.memset(0, 1, 1)


def application(environ, start_response):
    crash()


if __name__ == "__main__":
    uwsgi = shutil.which("uwsgi_python%d%d" % sys.version_info[:2])
    if uwsgi is None or sys.prefix != "/usr":
        print("no uWSGI for this interpreter (Debian's package uwsgi-plugin-python3)", file=sys.stderr)
        sys.exit(77)
    folder, name = os.path.split(os.path.abspath(__file__))
    options = ["--http-socket", "socket", "--pythonpath", folder, "--wsgi-file", folder + "/" + name]
    command = [uwsgi, "--master", "--logto", os.devnull, *options]
    master = subprocess.Popen(command, start_new_session=True)
    http.ask("socket")
    # Not with SIGTERM: even unwatched, uWSGI hangs if that arrives while it starts the next worker.
    os.killpg(master.pid, signal.SIGKILL)
    master.wait()
