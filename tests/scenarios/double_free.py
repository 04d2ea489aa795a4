# Memory is freed twice, which glibc detects. The report must quote glibc's message.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Words: libc, null, "free(): double free detected in tcache 2"
# Faulthandler: same
import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p


def crash():
    libc.free(memory), libc.free(memory)


memory = ctypes.c_void_p(libc.malloc(40))
crash()
