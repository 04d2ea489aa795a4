# The program writes to a read-only page.
#
# Expect: SIGSEGV SEGV_ACCERR
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import ctypes
import mmap


def crash():
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    page = libc.mmap(None, mmap.PAGESIZE, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    ctypes.memset(page, 1, 1)


crash()
