# The number of stderr has become a connection to another program: nothing of ours may be sent to it.
#
# Expect: exit 0
# Process: child
# Signal: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, it writes into the connection
import ctypes
import os
import socket
import sys


def crash():
    ctypes.memset(0, 1, 1)


ours, theirs = socket.socketpair()
if os.fork() == 0:
    os.dup2(theirs.fileno(), 2)
    crash()
theirs.close()
received = ours.recv(1)
os.wait()
sys.exit(len(received))
