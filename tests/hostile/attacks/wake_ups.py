"""Wake-ups for rings that nobody has, as fast as they can be sent, and connections that say nothing."""
import contextlib
import os
import socket
import struct

TRIES = 20_000
address = "\0" + os.environ["PYFAULT_SOCKET"][1:]
silent, sent = [], 0
for number in range(TRIES):
    knock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    knock.setblocking(False)
    with contextlib.suppress(OSError):
        knock.connect(address)
        if number % 10:
            knock.send(struct.pack("Q", number))
    silent.append(knock)
    if len(silent) > 200:
        silent.pop(0).close()
with contextlib.suppress(OSError):
    pipe = os.open(os.environ["PYFAULT_SOCKET"][1:] + ".wake", os.O_WRONLY | os.O_NONBLOCK)
    for number in range(TRIES):
        os.write(pipe, struct.pack("Q", number))
open(os.environ["HOSTILE_TRIES"], "w").write(str(TRIES))
