# The program reads a page of a mapped file that has been truncated since.
#
# Expect: SIGBUS BUS_ADRERR
# Frames: crash <- <module>
# Source: return pages[mmap.PAGESIZE]
# Threads: 1
# Faulthandler: same
import mmap
import tempfile


def crash():
    with tempfile.TemporaryFile() as file:
        file.truncate(2 * mmap.PAGESIZE)
        pages = mmap.mmap(file.fileno(), 2 * mmap.PAGESIZE)
        file.truncate(0)
        return pages[mmap.PAGESIZE]


crash()
