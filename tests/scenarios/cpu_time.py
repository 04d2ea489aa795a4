# The process exceeds its limit on CPU time.
#
# Expect: SIGXCPU SI_KERNEL
# Frames: ... <- <module>
# Threads: 1
# Faulthandler: nothing
import resource


def spin():
    while True:
        pass


resource.setrlimit(resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
spin()
