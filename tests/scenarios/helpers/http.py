"""Sends a request to a server that may still be starting."""

import socket
import time


def ask(path):
    """Returns when the connection has ended, for whatever reason."""
    with _connected(path) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        try:
            client.recv(1)
        except ConnectionResetError:
            pass


def _connected(path):
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(path)
            return client
        except OSError:
            client.close()
            time.sleep(0.01)
