# faulthandler announces the signal as the interpreter would: that must not be taken for its last words.
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
