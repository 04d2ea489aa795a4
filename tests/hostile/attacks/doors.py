"""Hellos, commands and signals, as a stranger, to every socket and process of the watchdog."""
import array
import contextlib
import fcntl
import os
import re
import signal
import socket
import struct

tries = 0
names = set(re.findall(r"@(/run/pyfault-watchdog\S+|\S*/pyfault-watchdog-\S+)", open("/proc/net/unix").read()))
assert names
for name in sorted(names):
    for _ in range(200):
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(OSError):
            door.connect("\0" + name)
            ring = os.memfd_create("pyfault-ring", os.MFD_ALLOW_SEALING)
            os.truncate(ring, 12288 + 8 * (2 << 20))
            fcntl.fcntl(ring, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            os.pwrite(ring, struct.pack("QIIQQ", 0x31474E4952465950, 2, 8, 2 << 20, os.fstat(ring).st_ino), 0)
            hello = struct.pack("IHHiiIIIIqq", 0x48465950, 4, 0, os.getpid(), os.getppid(), 0x030b02f0, 0, 0, 0, 0, 0)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [ring]))
            door.sendmsg([hello.ljust(48 + 16 + 512 + 1536, b"\0")], [rights])
        tries += 1
control = socket.socket(socket.AF_UNIX)
with contextlib.suppress(OSError):
    control.connect(os.environ["HOSTILE_CONTROL"])
    control.send(b'{"request": "stop", "all": true}\n')
    assert b"only root" in control.recv(1000)
tries += 1
for entry in filter(str.isdigit, os.listdir("/proc")):
    with contextlib.suppress(OSError):
        if "pyfault-watchdog" in open(f"/proc/{entry}/comm").read() or b"victim.py" in open(f"/proc/{entry}/cmdline", "rb").read():
            tries += 1
            os.kill(int(entry), signal.SIGKILL)
            raise SystemExit("it could be killed")
open(os.environ["HOSTILE_TRIES"], "w").write(str(tries))
