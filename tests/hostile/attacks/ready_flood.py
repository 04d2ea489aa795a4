"""READY=1, as a stranger, to every worker's notification socket."""
import contextlib
import os
import re
import socket

TRIES = 20_000
names = re.findall(r"@(pyfault-notify-\S+)", open("/proc/net/unix").read())
assert names
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.setblocking(False)
sent = 0
for number in range(TRIES):
    with contextlib.suppress(BlockingIOError):
        sender.sendto(b"READY=1\nMAINPID=1\n", "\0" + names[number % len(names)])
        sent += 1
open(os.environ["HOSTILE_TRIES"], "w").write(str(sent))
