# The program calls abort(), as a failed C assertion does.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import os


def crash():
    os.abort()


crash()
