"""Questions for other users' crashes, without end, malformed, and with answers that nobody reads."""
import contextlib
import os
import random
import socket
import struct

TRIES = 20_000
MAGIC, PROTOCOL = 0x51465950, 1
address = "\0" + os.environ["PYFAULT_SOCKET"][1:]
open_ones = []


def question(kind, wait, pids, protocol=PROTOCOL):
    return struct.pack(f"IHHII{len(pids)}i", MAGIC, protocol, kind, wait, len(pids), *pids)


def packets():
    yield question(1, 10_000, [os.getpid()] * 256)
    yield question(2, 10_000, [])
    yield question(1, 2**32 - 1, range(1, 257))
    yield question(1, 0, [1, -1, 0, 2**31 - 1])
    yield question(random.randrange(65536), 0, [1], random.randrange(65536))
    yield question(1, 0, [1])[: random.randrange(20)]
    yield struct.pack("IHHII", MAGIC, PROTOCOL, 1, 0, 2**32 - 1) + random.randbytes(random.randrange(4000))


# Crashes of our own, so that there is something to answer.
for _ in range(20):
    if os.fork() == 0:
        os.abort()
    os.wait()
tries = 0
while tries < TRIES:
    for packet in packets():
        asker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asker.setblocking(False)
        with contextlib.suppress(OSError):
            asker.connect(address)
            asker.send(packet)
            asker.send(packet)
        open_ones.append(asker)
        tries += 1
        if len(open_ones) > 200:
            open_ones.pop(0).close()
open(os.environ["HOSTILE_TRIES"], "w").write(str(tries))
