import _thread
import ctypes

never = _thread.allocate_lock()
never.acquire()
libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, libc.abort, None)
never.acquire()
