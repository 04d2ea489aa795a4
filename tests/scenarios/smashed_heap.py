# The C heap's own data has been overwritten: malloc() notices and aborts. The report must quote it.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: libc, null, "malloc(): corrupted top size"
# Faulthandler: same
import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_size_t
libc.malloc.argtypes = [ctypes.c_size_t]
libc.malloc_usable_size.argtypes = [ctypes.c_size_t]
SIZE = 100_000  # too large for any hole in the heap, so it is taken from the top


def crash():
    block = libc.malloc(SIZE)
    ctypes.memset(block + libc.malloc_usable_size(block), 0xFF, 8)
    while True:
        libc.malloc(SIZE)


crash()
