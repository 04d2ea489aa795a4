"""What other libraries do to a thread's signal stack."""

import ctypes

libc = ctypes.CDLL(None)

_DISABLE = 2  # SS_DISABLE
_SIZE = 8192  # the traditional SIGSTKSZ; on most machines the kernel itself needs less than half of it
_AT_MINSIGSTKSZ = 51


class _Stack(ctypes.Structure):
    _fields_ = [("lowest", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def disable():
    libc.sigaltstack(ctypes.byref(_Stack(None, _DISABLE, 0)), None)


def replace():
    libc.getauxval.restype = ctypes.c_ulong
    size = max(_SIZE, 2 * libc.getauxval(_AT_MINSIGSTKSZ))
    stack = ctypes.create_string_buffer(size)
    _kept.append(stack)
    libc.sigaltstack(ctypes.byref(_Stack(ctypes.addressof(stack), 0, size)), None)


_kept = []
