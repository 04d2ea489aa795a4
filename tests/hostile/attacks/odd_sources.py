"""Crashes whose source files are links to root's secret, FIFOs, endless, huge, or no files."""
import ctypes
import os
import socket

home, secret = os.environ["HOSTILE_HOME"], os.environ["HOSTILE_SECRET"]


def path(name):
    return os.path.join(home, name)


os.symlink(secret, path("link"))
os.symlink(os.path.dirname(secret), path("folder"))
os.symlink(path("loop"), path("loop"))
os.mkfifo(path("fifo"))
open(path("huge"), "w").truncate(1 << 40)
socket.socket(socket.AF_UNIX).bind(path("socket"))
watchdog = os.getppid()
names = [path(name) for name in ("link", "loop", "fifo", "huge", "socket", "folder/" + os.path.basename(secret))]
names += [f"/proc/self/root{secret}", f"/proc/{watchdog}/root{secret}", f"/proc/{watchdog}/environ", "/dev/zero", "/dev/tty",
          "/proc/kmsg", "/proc/self/mem", "/etc/shadow", "/dev/full", home, "", "\0", "x" * 5000, "/proc/self/fd/0"]
for name in names:
    if os.fork() == 0:
        scope = {}
        exec(compile("def f(call):\n    call(0, 1, 1)\n", name.replace("\0", "?"), "exec"), scope)
        scope["f"](ctypes.memset)
    os.wait()
open(os.environ["HOSTILE_TRIES"], "w").write(str(len(names)))
