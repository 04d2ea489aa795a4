# A thread that Python did not start calls Python back by way of ctypes.
#
# Signal: SIGSEGV
# Builds: peer_thread.c
# Stack: ffi_call <- (leaf) <- (callback) <- run <- begin_thread
import ctypes
import os


def leaf():
    ctypes.memset(0, 1, 1)


@ctypes.CFUNCTYPE(None)
def callback():
    leaf()


def main():
    library = ctypes.CDLL(os.path.join(os.environ["PEER_LIBRARIES"], "peer_thread.so"))
    library.call_from_another_thread(callback)


main()
