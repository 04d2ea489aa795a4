# faulthandler announces the signal in the words of the interpreter: they are not its last.
#
# Expect: SIGABRT SI_TKILL
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: same
import faulthandler
import os

faulthandler.enable()


def crash():
    os.abort()


crash()
