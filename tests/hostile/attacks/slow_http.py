"""Connections to the metrics, as a stranger, that ask slowly or never."""
import contextlib
import os
import socket
import time
import urllib.request

TRIES = 400
port = int(os.environ["HOSTILE_PORT"])
slow = []
for number in range(TRIES):
    with contextlib.suppress(OSError):
        slow.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        slow[-1].send(b"GET /healthz HTTP/1.1\r\nX: " if number % 2 else b"")
        if number % 50 == 0:
            begun = time.monotonic()
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30).read()
            assert time.monotonic() - begun < 5, "others have to wait"
open(os.environ["HOSTILE_TRIES"], "w").write(str(TRIES))
