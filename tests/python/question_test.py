"""What a program asks its watchdog, where that is slow, or the program is odd."""
import math
import os
import socket
import threading
import unittest

import pyfault
from pyfault import _connection


class ConnectionTest(unittest.TestCase):
    def setUp(self):
        self.address = f"@pyfault-test-{os.getpid()}"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.listener.close)
        self.listener.bind(self.address.replace("@", "\0"))
        self.listener.listen(0)
        waiting = _connection.connect(self.address)
        self.addCleanup(waiting.close)

    def accept_later(self):
        timer = threading.Timer(0.3, lambda: self.listener.accept()[0].close())
        timer.start()
        self.addCleanup(timer.join)

    def test_a_full_queue_is_waited_for(self):
        self.accept_later()
        _connection.connect(self.address, 600).close()

    def test_not_longer_than_asked_for(self):
        for seconds in (0, 0.1):
            with self.assertRaises(BlockingIOError):
                _connection.connect(self.address, seconds)


class WaitTest(unittest.TestCase):
    def test_any_number_is_a_time_to_wait(self):
        os.environ["PYFAULT_SOCKET"] = "@nobody"
        self.addCleanup(os.environ.pop, "PYFAULT_SOCKET")
        for seconds in (math.inf, -math.inf, math.nan, -1, 0):
            self.assertIsNone(pyfault.last_crash(wait=seconds))


if __name__ == "__main__":
    unittest.main()
